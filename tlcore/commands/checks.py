"""The report of a dataset's checks on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tlcore.data import Dataset
from tlcore.zoo import backbone, learn

__all__ = ["Backbone", "Checks", "print_checks"]

SIGNS = {"error": "✗", "warning": "!", "info": "i"}
NAMED = 5
Checks = Annotated[bool, typer.Option("--checks", help="Measure every sample, and report what the checks find.")]
Backbone = Annotated[str, typer.Option(help="With --checks: whose tokens and languages texts are checked against.")]


def print_checks(dataset: Dataset, home: Path, backbone_name: str, as_json: bool) -> None:
    """Run all checks, with progress on stderr, and print what they find."""
    from rich.console import Console
    from rich.progress import Progress

    from tlcore.data.checks import checks
    from tlcore.runs.checking import check

    learn(home)
    record = backbone(backbone_name) if dataset.modality == "text" else None
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("checking", total=1.0)
        report = check(dataset, home, record, lambda share, words: bar.update(task, completed=share, description=words))
    if as_json:
        print(json.dumps(report.to_dict()))
        return
    for finding in report.findings:
        places = finding.places or tuple(dataset.manifest()["origin"].iloc[list(finding.rows[:NAMED])])
        print(f"{SIGNS[finding.level]} {finding.title}. {finding.text}")
        if places:
            print(f"    {', '.join(map(str, places[:NAMED]))}{' ...' if finding.n > NAMED else ''}")
    titles = {check.name: check.title for check in checks(dataset.modality)}
    print(f"Nothing found: {', '.join(titles[name] for name in report.passed)}.")
    print(f"{dataset.n_samples:,} samples, {report.n_measured:,} of them measured now, in {report.seconds:.1f} s.")
