"""Datasets of Hugging Face's hub by their names: their Parquet files, never a script of theirs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tlcore.data.columnar import class_names, read_columnar
from tlcore.data.columns import SPLIT_NAMES, Columns
from tlcore.data.dataset import Dataset, list_datasets
from tlcore.data.fetching import fetch, reserved
from tlcore.data.ingestion import ingest_images, ingest_table
from tlcore.data.layout import Placed
from tlcore.data.limits import Limits
from tlcore.data.names import class_name, readable
from tlcore.data.problems import Findings, Rejected
from tlcore.data.sources import Entry
from tlcore.data.splits import Split, SplitRatios
from tlcore.data.storage import workspace
from tlcore.data.tables import inspect_table
from tlcore.errors import DataError

__all__ = ["add_hub", "stored_hub"]

Tell = Callable[[float, str], None]
CONVERTED = "refs/convert/parquet"
"""The branch in which the hub keeps every dataset's rows as Parquet."""
NAME = re.compile(r"[\w.-]{1,96}(/[\w.-]{1,96})?(:[\w.-]{1,96})?")
TIMEOUT = 20.0
"""Seconds."""
FETCHING = 0.8
"""Share of the progress that the download has."""
BATCH_ROWS = 64
UNLABELLED = "-1"
"""What the hub's datasets give where a label is kept back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    path: str
    """In the repository."""
    size: int
    """Bytes."""
    config: str
    split: Split


def stored_hub(name: str, home: Path) -> Dataset | None:
    """The dataset as it was published, if it is here."""
    source = f"hf:{name}"
    return next((one for one in list_datasets(home) if one.source == source and not one.parent), None)


def add_hub(
    name: str, home: Path, tell: Tell = lambda share, words: None, limits: Limits = Limits()
) -> Dataset:  # fmt: skip
    """`OWNER/NAME` or `OWNER/NAME:CONFIG` with its own splits; instant when it is there.

    Raises:
        DataError: no such dataset, none with images or texts and labels, no network, or larger than the limits.
    """
    if not NAME.fullmatch(name) or ".." in name:
        raise DataError(f"{readable(name)!r} is no dataset of Hugging Face's; write owner/name, or owner/name:config.")
    if (stored := stored_hub(name, home)) is not None:
        return stored
    tell(0.0, "asking the server")
    repository, _, wanted = name.partition(":")
    revision, licence, files = _listed(repository)
    chosen = _chosen(files, wanted, repository)
    if (n_bytes := sum(file.size for file in chosen)) > limits.max_bytes:
        raise DataError(f"{name} has {n_bytes:,} bytes, {limits.max_bytes:,} are allowed; choose a smaller one.")
    note = f"https://huggingface.co/datasets/{repository}; licence: {licence or 'not stated, see its card'}."
    with reserved(home, f"hub-{name.replace('/', '--').replace(':', '--')}", name) as folder:
        paths = _fetched(repository, revision, chosen, folder / revision, n_bytes, tell, limits)
        return _ingested(name, note, paths, home, tell, limits)


def _listed(repository: str) -> tuple[str, str, list[_File]]:
    """Commit, licence, and the Parquet files with their sizes."""
    try:
        from huggingface_hub import HfApi, errors
    except ImportError as error:
        raise DataError("Datasets of Hugging Face's need its client: pip install huggingface_hub.") from error
    ask = HfApi().dataset_info
    try:
        try:
            about = ask(repository, revision=CONVERTED, files_metadata=True, timeout=TIMEOUT)
        except errors.RevisionNotFoundError:
            about = ask(repository, files_metadata=True, timeout=TIMEOUT)
    except (errors.RepositoryNotFoundError, errors.GatedRepoError) as error:
        raise DataError(f"Hugging Face has no dataset {repository!r} that is open to everybody.") from error
    except (OSError, errors.HTTPError, errors.OfflineModeIsEnabled) as error:  # type: ignore[attr-defined]
        reason = readable(str(error).split("\n")[0])[:160]
        raise DataError(
            f"Hugging Face cannot be asked for {repository} ({reason}): is there a network? Try again with one."
        ) from error
    licence = str(getattr(about.card_data, "license", None) or "")
    files = [_placed(one.rfilename, one.size or 0) for one in about.siblings or ()]
    return str(about.sha), licence, [file for file in files if file is not None]


def _placed(path: str, size: int) -> _File | None:
    """The config and the split of CONFIG/SPLIT/0000.parquet, or of data/SPLIT-00000-of-00001.parquet."""
    parts = PurePosixPath(path).parts
    if not path.endswith(".parquet") or ".." in parts:
        return None
    folders = [part for part in parts[:-1] if part != "data"]
    last = SPLIT_NAMES.get(re.split(r"[-.]", parts[-1])[0].lower())
    split = last or (SPLIT_NAMES.get(folders[-1].lower()) if folders else None)
    if split is None:
        return None
    config = folders[0] if folders and (last or len(folders) > 1) else "default"
    return _File(path=path, size=size, config=config, split=split)


def _chosen(files: Sequence[_File], wanted: str, repository: str) -> list[_File]:
    configs = sorted({file.config for file in files}, key=lambda name: (name != "default", name))
    if not configs:
        raise DataError(f"{repository} has no Parquet files of train, val or test, so it is not read here.")
    if wanted and wanted not in configs:
        raise DataError(f"{repository} has no config {wanted!r}; it has {', '.join(map(readable, configs))}.")
    return sorted((one for one in files if one.config == (wanted or configs[0])), key=lambda one: one.path)


def _fetched(
    repository: str, revision: str, files: Sequence[_File], folder: Path, n_bytes: int, tell: Tell, limits: Limits
) -> list[tuple[Path, Split]]:  # fmt: skip
    from huggingface_hub import hf_hub_url

    paths: list[tuple[Path, Split]] = []
    before = 0
    for number, file in enumerate(files):
        url = hf_hub_url(repository, file.path, repo_type="dataset", revision=revision)

        def told(done: int, total: int, before: int = before) -> None:
            share = min(1.0, (before + done) / max(1, n_bytes))
            tell(FETCHING * share, f"fetched {(before + done) / 1e6:,.0f} of {n_bytes / 1e6:,.0f} MB")

        path = folder / f"{number}.parquet"
        fetch([url], path, told, limits=limits)
        before += file.size
        paths.append((path, file.split))
    return paths


def _ingested(
    name: str, note: str, paths: Sequence[tuple[Path, Split]], home: Path, tell: Tell, limits: Limits
) -> Dataset:  # fmt: skip
    from pyarrow import ArrowException, parquet

    def progress(done: int, total: int) -> None:
        tell(FETCHING + (1 - FETCHING) * done / max(1, total), f"checking {done:,} of {total:,} samples")

    title = name.partition("/")[2] or name
    try:
        schema = parquet.read_schema(paths[0][0])
    except (ArrowException, OSError, ValueError) as error:
        raise DataError(f"A Parquet file of {name} is damaged; fetch it again.") from error
    image = next((field.name for field in schema if _is_image(field.type)), None)
    with workspace(home) as folder:
        if image is None:
            table = folder / "rows.jsonl"
            _write_rows(paths, table, limits)
            columns = Columns(text="text", label="label", split="split")
            return ingest_table(table, home, title, SplitRatios(), columns, limits, progress, f"hf:{name}", note)
        source = _Pictures(f"hf:{name}", list(_unpacked(paths, image, folder / "pictures", schema, limits)))
        return ingest_images(
            source, home, title, SplitRatios(), limits, progress, note, folders=True, arranging=source.arranged
        )


def _is_image(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_struct(kind) and kind.get_field_index("bytes") >= 0)


def _write_rows(paths: Sequence[tuple[Path, Split]], table: Path, limits: Limits) -> None:
    """Text, label and split of every row that has a label, as an object a line."""
    from pyarrow import parquet

    guess = inspect_table(paths[0][0], limits).guess
    named = list(class_names(parquet.read_schema(paths[0][0])))
    label = named[0] if named else guess.label
    with table.open("w", encoding="utf-8") as file:
        for path, split in paths:
            grid = read_columnar(path, limits)
            if missing := {guess.text, label} - set(grid.columns):
                raise DataError(
                    f"A file of {split} has no column {missing.pop()!r}, as the others have; it is not read."
                )
            at_text, at_label = grid.columns.index(guess.text), grid.columns.index(label)
            for _, cells in grid.rows(Findings()):
                if cells[at_label] != UNLABELLED:
                    row = {"text": cells[at_text], "label": cells[at_label], "split": split}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _unpacked(
    paths: Sequence[tuple[Path, Split]], image: str, folder: Path, schema: Any, limits: Limits
) -> Iterator[Placed]:  # fmt: skip
    """Each picture as a file, under the class that its row says."""
    from pyarrow import ArrowException, parquet

    names = class_names(schema)
    label = next(iter(names), None) or next((one for one in ("label", "labels", "class") if one in schema.names), None)
    if label is None:
        raise DataError("It has images but no column of labels, so nothing can be learned from it here.")
    folder.mkdir()
    n_bytes = count = 0
    for path, split in paths:
        try:
            for batch in parquet.ParquetFile(path).iter_batches(batch_size=BATCH_ROWS, columns=[image, label]):
                for cell, value in zip(batch.column(image).to_pylist(), batch.column(label).to_pylist(), strict=True):
                    data = (cell or {}).get("bytes")
                    count, n_bytes = count + 1, n_bytes + len(data or b"")
                    if count > limits.max_files or n_bytes > limits.max_bytes:
                        raise DataError(
                            f"It unpacks to more than {limits.max_files:,} images or {limits.max_bytes:,} bytes."
                        )
                    if data and value is not None and str(value) != UNLABELLED:
                        yield _written(data, folder / str(count), _named(value, names.get(label)), split)
        except (ArrowException, OSError, ValueError, KeyError) as error:
            raise DataError(f"A Parquet file of {split} is damaged after image {count:,}; fetch it again.") from error


def _named(value: object, names: Sequence[str] | None) -> str:
    return names[value] if names and isinstance(value, int) and 0 <= value < len(names) else str(value)


def _written(data: bytes, path: Path, label: str, split: Split) -> Placed:
    path.write_bytes(data)
    entry = Entry(path=f"{split}/{path.name}", size=len(data), key=path)
    return Placed(entry=entry, label=class_name(label), split=split)


class _Pictures:
    """Unpacked pictures whose classes are known."""

    def __init__(self, name: str, placed: Sequence[Placed]) -> None:
        self.name, self._placed = name, placed

    def entries(self, limits: Limits, findings: Findings) -> list[Entry]:
        """One for each picture."""
        return [one.entry for one in self._placed]

    def arranged(self, entries: Sequence[Entry], findings: Findings) -> list[Placed]:
        """As their rows say; those without a class are left out."""
        return [one for one in self._placed if one.label]

    def read(self, entry: Entry, max_bytes: int) -> bytes:
        """The file's bytes; raises `Rejected` where it is larger."""
        if entry.size > max_bytes:
            raise Rejected(f"larger than {max_bytes:,} bytes", "Nothing to do.")
        return Path(entry.key).read_bytes()
