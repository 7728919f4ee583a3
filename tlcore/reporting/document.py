"""The file: one HTML page with its charts, its script and its pictures inside."""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tlcore.errors import RunError
from tlcore.quantities import confidence, duration, percent
from tlcore.reporting.contents import Contents, gathered
from tlcore.reporting.environment import environment
from tlcore.reporting.figures import CURVES, figures
from tlcore.reporting.tables import classes, data, pairs, recipes, runs, scores
from tlcore.reporting.words import moment, shown, used, visible

__all__ = ["document", "file_name", "written"]


def document(home: Path, run_ids: Sequence[str], *, author: str, now: float | None = None) -> str:
    """A report of one run, or of several runs of one dataset, as HTML.

    Raises:
        RunError: a run is not there, none is named, or they are on different data.
    """
    contents = gathered(home, run_ids, author=author, now=time.time() if now is None else now)
    drawn = figures(contents)
    scripts = (_plotly(), _script())
    return _environment().get_template("report.html").render(
        contents=contents,
        title=_title(contents),
        policy=_policy(scripts),
        scripts=[Markup(script) for script in scripts],
        style=Markup(_template("report.css")),
        figures=_embedded(drawn),
        drawn=drawn,
        curves=[(f"curve-{metric}", title) for metric, title in CURVES.items() if f"curve-{metric}" in drawn],
        data=data(contents),
        runs=runs(contents),
        scores=scores(contents),
        pairs=pairs(contents),
        recipes=recipes(contents),
        classes=classes(contents),
        cooled=_cooled(contents),
        environment=environment(),
    )  # fmt: skip


def written(home: Path, run_ids: Sequence[str], path: Path, *, author: str) -> int:
    """Write a report to `path`; returns its bytes.

    Raises:
        RunError: as `document`, or the file cannot be written.
    """
    made = document(home, run_ids, author=author).encode()
    try:
        path.write_bytes(made)
    except OSError as error:
        raise RunError(f"{path} cannot be written ({os.strerror(error.errno or 0)}); choose another place.") from error
    return len(made)


def file_name(run_ids: Sequence[str]) -> str:
    """What a download is called: a report's runs, as far as they fit."""
    return f"report-{re.sub(r'[^A-Za-z0-9-]+', '-', '-'.join(run_ids))[:80]}.html"


def _title(contents: Contents) -> str:
    if len(contents.runs) == 1:
        return contents.names[0]
    return f"{len(contents.runs)} models of {contents.runs[0].dataset_name}"


def _cooled(contents: Contents) -> str:
    """The temperatures that were fitted, each with its run's name; empty without."""
    found = contents.found
    pairs = zip(found.runs, found.temperatures, strict=True) if found else ()
    return ", ".join(f"{contents.named(run)} {value:.2f}" for run, value in pairs if value != 1.0)


def _policy(scripts: Sequence[str]) -> str:
    """What a browser lets the page do: run these two scripts, and ask nothing of any network.

    Styles are open since Plotly sets some by attribute, and puts others of its bundle into the page; without a way out
    they cannot carry anything away.
    """
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(plain: object) -> Markup:
    """JSON that a script element can hold: no text in it can end the element, or begin a comment."""
    text = json.dumps(plain, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("tlcore.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "confidence": confidence,
        "duration": duration,
        "moment": moment,
        "percent": percent,
        "shown": shown,
        "used": used,
    }
    return made


def _template(name: str) -> str:
    return (files("tlcore.reporting") / "templates" / name).read_text(encoding="utf-8")


def _script() -> str:
    return f"\n{_template('report.js')}"


def _plotly() -> str:
    """Plotly's own bundle, as the package brings it."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
