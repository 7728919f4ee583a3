"""`python -m bench [frozen finetune far text decode backends memory start tabs rank compare evaluate]`.

Measures, prints, keeps.

`python -m bench soak` kills workers 200 times, which takes a quarter of an hour; `soak:20` does so 20 times.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.timing import Row
from tlcore.device import machine

NAMES = (
    "frozen",
    "finetune",
    "far",
    "text",
    "decode",
    "backends",
    "memory",
    "start",
    "tabs",
    "rank",
    "compare",
    "evaluate",
)


def main() -> None:
    """Run the named measurements, or all."""
    rows: list[Row] = []
    for word in sys.argv[1:] or NAMES:
        name, _, count = word.partition(":")
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found = list(import_module(f"bench.{name}").measure(Path(folder), *([int(count)] if count else [])))
            keep(found)
            rows += found
    table = Table("", "what", "seconds", "ratio", "", "target")
    for row in rows:
        seconds = "" if row.seconds is None else f"{row.seconds:.2f}"
        table.add_row(
            row.claim, row.subject, seconds, "" if row.ratio is None else f"{row.ratio:.2f}", row.means, row.target
        )
    Console(width=120).print(table)


def keep(rows: list[Row]) -> None:
    """Write the rows with the machine they are true of."""
    has = machine()
    packages = {name: version(name) for name in ("torch", "torchvision", "onnxruntime", "timm", "transformers")}
    about = {"cpu": has.cpu, "cores": has.n_cores, "accelerator": has.accelerator, "python": platform.python_version()}
    results = Path(__file__).parent / "results"
    results.mkdir(exist_ok=True)
    path = results / f"{time.strftime('%Y-%m-%d')}-{has.accelerator.replace(' ', '-').replace('/', '-')}.json"
    measured = {row.claim for row in rows}
    before = json.loads(path.read_text())["rows"] if path.exists() else []
    kept = [row for row in before if row["claim"] not in measured] + [asdict(row) for row in rows]
    path.write_text(json.dumps({"machine": about | packages, "rows": kept}, indent=1) + "\n")
    print(f"Kept in {path.relative_to(results.parent.parent)}", file=sys.stderr)


if __name__ == "__main__":
    main()
