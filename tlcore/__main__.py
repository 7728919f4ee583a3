"""Every page's work without a browser: `python -m tlcore --help`."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tlcore.errors import RecipeError, TlcoreError
from tlcore.home import home
from tlcore.runs import Run, Studio

__all__ = ["app", "main"]

FOLLOW_SECONDS = 0.2
app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line, the last one the result.")]


def main() -> None:
    """Run a command; a user's mistake is one line on stderr and exit status 2."""
    try:
        app()
    except TlcoreError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


@app.command()
def models(
    add: Annotated[str, typer.Option(help="Name of a timm architecture, or owner/name at Hugging Face.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the pretrained backbones and whether their weights are here; `--add` takes in another one first."""
    from tlcore.zoo import backbones, resolve, weights_state

    place = home()
    added = resolve(add, place) if add else None
    records = [added] if added else backbones(home=place)
    rows = [
        {
            "backbone": record.name,
            "title": record.title,
            "modality": record.modality,
            "source": record.source,
            "n_params": record.n_params,
            "n_features": record.n_features,
            "gflops": record.gflops,
            "imagenet_top1": record.metrics.get("imagenet_top1"),
            "input_size": record.input_size,
            "max_tokens": record.max_tokens,
            "file_size": record.file_size,
            "licence": record.licence,
            "recipe": record.recipe,
            "weights": weights_state(record, place).kind,
        }
        for record in records
    ]
    wide = ("backbone", "modality", "n_params", "gflops", "imagenet_top1", "licence", "weights")
    _print(rows if as_json else [{name: row[name] for name in wide} for row in rows], as_json)


@app.command()
def weights(
    name: Annotated[str, typer.Argument(help="A backbone that `models` lists.")],
    download: Annotated[bool, typer.Option("--download", help="Fetch them into the library's own cache.")] = False,
    upload: Annotated[
        Path | None, typer.Option(help="A state dict (.pt, .pth) or .safetensors to use instead.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Forget what was uploaded.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say where a backbone's weights are; download them, or bring your own, checked key by key."""
    from tlcore.zoo import backbone, learn, weights_state

    place = home()
    learn(place)
    record = backbone(name)
    if sum((download, upload is not None, remove)) > 1:
        raise RecipeError("--download, --upload and --remove exclude each other.")
    if download:
        _download(record)
    report = _uploaded(record, upload, place, as_json) if upload else {}
    if remove:
        from tlcore.zoo.uploads import remove as forget

        forget(record, place)
    state = weights_state(record, place)
    row = {"backbone": record.name, "weights": state.kind, "ready": state.ready, "detail": state.detail, **report}
    if as_json:
        print(json.dumps(row))
    else:
        print(f"{record.name}: {state.kind}. {state.detail}")


def _download(record: Any) -> None:
    """With a bar on stderr."""
    from rich.progress import DownloadColumn, TransferSpeedColumn

    from tlcore.zoo.download import download

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(record.title, total=record.file_size or None)
        download(record, lambda done, total: progress.update(bar, completed=done, total=total or None))


def _uploaded(record: Any, path: Path, place: Path, as_json: bool) -> dict[str, Any]:
    """Upload; the report as plain values, and what was left out in words where no JSON is asked for."""
    from tlcore.zoo.uploads import upload

    report = upload(record, path, place)
    if not as_json:
        print(report.sentence())
    return {"report": asdict(report)}


@app.command()
def data(path: str, as_json: AsJson = False) -> None:
    """Check a folder, zip, csv or `sample:NAME`: its classes, its splits, and what is wrong with it."""
    from tlcore.data import resolve

    dataset = resolve(path, home())
    counts = [
        {"class": str(name), **{str(split): int(n) for split, n in row.items()}}
        for name, row in dataset.counts().iterrows()
    ]
    if as_json:
        result = {
            "dataset": dataset.id,
            "name": dataset.name,
            "modality": dataset.modality,
            "n_samples": dataset.n_samples,
            "classes": {row.pop("class"): row for row in counts},
            "problems": [asdict(problem) for problem in dataset.problems],
        }
        print(json.dumps(result))
        return
    _print(counts, False)
    for problem in dataset.problems:
        print(f"! {problem}")
    print(f"Dataset {dataset.id}: {dataset.n_samples:,} {dataset.modality}s in {len(dataset.classes)} classes.")


@app.command()
def train(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe file (TOML), instead of the options.")] = None,
    source: Annotated[str, typer.Option("--data", help="A folder, zip, csv, `sample:NAME` or a dataset's id.")] = "",
    backbone: Annotated[str, typer.Option(help="A name that `models` lists.")] = "",
    strategy: Annotated[str, typer.Option(help="How to train.")] = "feature_extraction",
    epochs: Annotated[int | None, typer.Option(help="Passes over the train split; the strategy's own without.")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="key=value, e.g. lr=0.01, batch_size=64, head.hidden=[128].")
    ] = None,
    name: Annotated[str, typer.Option(help="What to call the run.")] = "",
    follow: Annotated[bool, typer.Option("--follow/--detach", help="Wait for the end, or return at once.")] = True,
    as_json: AsJson = False,
) -> None:
    """Train a head (or more) on a pretrained backbone and score it once on the test split."""
    studio = Studio(home())
    plain = _from_file(recipe) if recipe else _from_options(source, backbone, strategy, epochs)
    made = _made(plain, settings or [])
    run = studio.launch(made, name=name, user=_user())
    _watch(studio, run, follow, as_json)


@app.command()
def lora(
    model: Annotated[
        str, typer.Argument(help="A preset such as `llama-7b`, a backbone, or the path of a config.json.")
    ],
    rank: Annotated[int, typer.Option(help="r, the inner width of the adapters.")] = 8,
    alpha: Annotated[float, typer.Option(help="Scale: what an adapter adds is multiplied by alpha / rank.")] = 16.0,
    targets: Annotated[
        str, typer.Option(help="auto, attention, linear, convolution, or endings of names such as `q_proj,v_proj`.")
    ] = "auto",
    bias: Annotated[str, typer.Option(help="Which biases train: none, lora_only or all.")] = "none",
    rslora: Annotated[bool, typer.Option("--rslora", help="Scale by alpha / sqrt(rank).")] = False,
    dora: Annotated[bool, typer.Option("--dora", help="Train each weight's length too.")] = False,
    batch: Annotated[int, typer.Option(help="Samples at a time, for the memory.")] = 1,
    tokens: Annotated[int, typer.Option(help="Length of each text, for the memory.")] = 512,
    dtype: Annotated[str, typer.Option(help="Of the frozen weights: bfloat16, float16 or float32.")] = "bfloat16",
    as_json: AsJson = False,
) -> None:
    """Count the parameters of low-rank adapters on a model, and the memory to train them."""
    from tlcore.adapters import LoraSettings
    from tlcore.adapters.memory import Load
    from tlcore.adapters.summary import summary

    settings = LoraSettings(rank=rank, alpha=alpha, targets=targets, rslora=rslora, dora=dora)
    load = Load(batch=batch, tokens=tokens, dtype=dtype)
    found = summary(_shapes(model), settings, bias, load)
    if as_json:
        print(json.dumps(found))
        return
    print(
        f"{found['model']}, r = {rank}: {found['trainable']:,} of {found['total']:,} parameters train "
        f"({100 * found['share']:.3g} %, {found['reduction']:,.0f} times fewer), in {found['modules']:,} modules."
    )
    _print([{"GiB to train": name, **_gib(parts)} for name, parts in found["memory"].items()], False)


def _gib(parts: dict[str, int]) -> dict[str, float]:
    return {name: n_bytes / 2**30 for name, n_bytes in parts.items()}


def _shapes(model: str) -> Any:
    """A preset's are on disk; those of a backbone or a config.json are made, which loads torch."""
    from tlcore.adapters.configuration import parse
    from tlcore.adapters.presets import preset, presets
    from tlcore.zoo import backbone, backbones

    if model in presets():
        return preset(model)
    path = Path(model)
    if model in {record.name for record in backbones(home=home())}:
        from tlcore.adapters.describing import describe_backbone

        return describe_backbone(backbone(model))
    if path.suffix != ".json" or not path.is_file():
        raise RecipeError(
            f"There is no model {model!r}. Presets: {', '.join(presets())}. Else a name that `models` lists, or the "
            "path of a config.json."
        )
    from tlcore.adapters.describing import describe_config

    return describe_config(parse(path.read_text(errors="replace")), name=path.stem)


@app.command()
def runs(as_json: AsJson = False, limit: Annotated[int, typer.Option(help="How many, newest first.")] = 20) -> None:
    """List the newest runs."""
    _print_runs(list(Studio(home()).runs(limit=limit)), as_json)


@app.command()
def show(run: str, as_json: AsJson = False) -> None:
    """Everything about one run: status, epoch, scores, recipe and report."""
    found = Studio(home()).run(run)
    if as_json:
        print(json.dumps({"run": found.id, **{k: v for k, v in asdict(found).items() if k != "id"}}))
        return
    _print_runs([found], False)
    for line in Studio(home()).notes(run):
        print(f"{time.strftime('%H:%M:%S', time.localtime(line.time))} {line.level}: {line.text}")


@app.command()
def stop(run: str, as_json: AsJson = False) -> None:
    """Stop a run; its best epoch so far is kept and scored."""
    studio = Studio(home())
    before = studio.run(run)
    if not before.live:
        print(f"Run {run} was over already: {before.status}.", file=sys.stderr)
    _print_runs([studio.stop(run)], as_json)


@app.command()
def resume(
    run: str,
    follow: Annotated[bool, typer.Option("--follow/--detach", help="Wait for the end, or return at once.")] = True,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or interrupted, from its last saved state."""
    studio = Studio(home())
    _watch(studio, studio.resume(run), follow, as_json)


def _watch(studio: Studio, run: Run, follow: bool, as_json: bool) -> None:
    """Follow a run to its end if asked to, print what it came to, and exit with 1 if it failed."""
    if follow:
        run = _follow(studio, run, as_json)
    _print_runs([run], as_json)
    if run.status == "failed" or run.status == "interrupted":
        print(run.reason, file=sys.stderr)
        raise SystemExit(1)


def _from_file(path: Path) -> dict[str, Any]:
    from tlcore.training import Recipe

    try:
        return Recipe.from_toml(path.read_text()).to_dict()
    except OSError as error:
        raise RecipeError(f"Cannot read the recipe {path}: {error.strerror}.") from error


def _from_options(source: str, backbone: str, strategy: str, epochs: int | None) -> dict[str, Any]:
    from tlcore.data import resolve
    from tlcore.zoo import backbone as known
    from tlcore.zoo import backbones

    if not source:
        raise RecipeError("Say what to train on: --data PATH, --data sample:digits, or a recipe file.")
    if backbone:
        known(backbone)
    dataset = resolve(source, home())
    backbone = backbone or backbones(dataset.modality)[0].name
    plain = {"dataset": dataset.id, "backbone": backbone, "strategy": {"name": strategy}}
    return plain | ({} if epochs is None else {"epochs": epochs})


def _made(plain: dict[str, Any], settings: list[str]) -> Any:
    from tlcore.training import Recipe

    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise RecipeError(f"--set takes key=value; got {setting!r}.")
        part, _, last = key.rpartition(".")
        known = {*Recipe.__dataclass_fields__, *_options(plain["strategy"]["name"])}
        if not part and key not in known:
            raise RecipeError(
                f"There is no setting {key!r}. Known: {', '.join(sorted(known))}; parts as in head.hidden."
            )
        inside = part or ("" if key in Recipe.__dataclass_fields__ else "strategy")
        target = plain.setdefault(inside, {}) if inside else plain
        if not isinstance(target, dict):
            raise RecipeError(f"--set {key}: {inside!r} has no parts.")
        target[last] = _value(text)
    return Recipe.from_dict(plain)


def _options(name: str) -> list[str]:
    from tlcore.strategies import options, strategy

    return list(options(strategy(name)))


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _follow(studio: Studio, run: Run, as_json: bool) -> Run:
    """Draw the run's progress on stderr until it ends. Ctrl-C leaves the run to itself."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    seen = 0
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("queued", total=1.0)
        try:
            while run.live:
                time.sleep(FOLLOW_SECONDS)
                run = studio.run(run.id)
                progress.update(bar, completed=run.progress(time.time()), description=run.activity or run.status)
                for point in studio.points(run.id, after=seen) if as_json else ():
                    seen = point.id
                    if point.scope == "epoch":
                        print(json.dumps({"run": run.id, "epoch": point.epoch, **point.values}), flush=True)
        except KeyboardInterrupt:
            print(f"Run {run.id} goes on. Follow it: python -m tlcore show {run.id}", file=sys.stderr)
            raise SystemExit(130) from None
        progress.update(bar, completed=1.0, description=run.status)
    return run


def _result(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "status": run.status,
        "dataset": run.dataset,
        "backbone": run.backbone,
        "strategy": run.strategy,
        "epoch": run.epoch,
        "best_epoch": run.best_epoch,
        "val_accuracy": run.val_accuracy,
        "test_accuracy": run.test_accuracy,
        "test_macro_f1": run.test_macro_f1,
        "seconds": round(run.seconds(time.time()), 2),
    }


def _print_runs(runs: list[Run], as_json: bool) -> None:
    """All that is known as JSON, what fits 80 columns as a table."""
    if as_json:
        _print([_result(run) for run in runs], True)
        return
    rows = [
        {
            "run": run.id,
            "status": run.status,
            "backbone": run.backbone,
            "epoch": f"{run.epoch}/{run.epochs}",
            "val": run.val_accuracy,
            "test": run.test_accuracy,
            "seconds": round(run.seconds(time.time()), 1),
        }
        for run in runs
    ]
    _print(rows, False)


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        for row in rows:
            print(json.dumps(row))
        return
    if not rows:
        print("Nothing yet.")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed), soft_wrap=True).print(table)


def _cell(value: object) -> str:
    from rich.markup import escape

    if value is None:
        return "-"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


if __name__ == "__main__":
    main()
