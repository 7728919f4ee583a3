"""Which browser the tests drive: the one place that finds it, and installs one where there is none.

`python -m tests.browser.chromium` prints the choice and exits with 0, or says what to do and exits with 1.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["FLAGS", "find", "install", "missing"]

FLAGS = (
    "--no-sandbox",  # Chromium refuses to start as root with it
    "--disable-gpu",
    "--disable-dev-shm-usage",  # containers have 64 MB there, which a page can exhaust
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
DOWNLOAD_SECONDS = 300
APT_SECONDS = 900


def find() -> Path | None:
    """The first browser that starts: the named one alone if one is named, then the system's, then Playwright's."""
    named = os.environ.get("TLSTUDIO_CHROMIUM")
    if named:
        return Path(named) if _starts(Path(named)) else None
    return next(filter(_starts, _candidates()), None)


def install() -> Path | None:
    """Playwright's own download, else Debian's package; None where neither can be had."""
    if os.environ.get("TLSTUDIO_CHROMIUM"):
        return None
    print("No Chromium or Chrome here. Trying Playwright's download ...", flush=True)
    _run([sys.executable, "-m", "playwright", "install", "chromium"], DOWNLOAD_SECONDS)
    found = find()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("That gave no browser that starts. Trying Debian's package chromium ...", flush=True)
        _run(["apt-get", "update", "--quiet"], APT_SECONDS)
        _run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium"], APT_SECONDS)
        found = find()
    return found


def missing() -> str:
    """What is wrong where `find` gives None, and what to do."""
    named = os.environ.get("TLSTUDIO_CHROMIUM")
    if named:
        return f"TLSTUDIO_CHROMIUM names {named}, which does not start. Name another Chromium or Chrome, or unset it."
    return (
        "The browser tests need Chromium or Chrome, and none here starts. Install one (on Debian as root: "
        "apt-get install chromium), or name yours: TLSTUDIO_CHROMIUM=/path/to/chrome make test"
    )


def _candidates() -> Iterator[Path]:
    yield from (Path(path) for path in map(shutil.which, NAMES) if path)
    yield from map(Path, PLACES)
    yield from _playwright()


def _playwright() -> Iterator[Path]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    yield own


def _starts(browser: Path) -> bool:
    """Whether it is there and runs; Ubuntu's `chromium-browser` may be a script that only names a snap."""
    if not browser.is_file():
        return False
    try:
        asked = subprocess.run([browser, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return asked.returncode == 0 and "Chrom" in asked.stdout


def _run(command: list[str], seconds: float) -> None:
    """Run to the end and show why if it fails; whether a browser starts afterwards is what counts."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=seconds, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(command)} failed: {_reason(error.stdout)}", flush=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, flush=True)


def _reason(output: str) -> str:
    """The first line that says error, else the last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = (line for line in lines if line.lower().startswith(("error", "e:")))
    return next(errors, lines[-1] if lines else "no output")


def main() -> int:
    """Find or install, and say which."""
    browser = find() or install()
    if browser is None:
        print(missing(), file=sys.stderr)
        return 1
    print(f"The browser tests use {browser}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
