"""What every test stands on: a home of its own, no hub, the same random numbers, and no process left behind."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from hypothesis import HealthCheck, settings

from tlcore.device import machine

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CORES = (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, min(CORES, 4))))  # tiny tensors are slower on many threads
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the nursery's workers: a test runs beside servers and browsers
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "false"
SEED = 0
GPU_TESTS = Path(__file__).parent / "gpu"
settings.register_profile("beside others", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("beside others")  # a busy machine is no reason to fail


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """What needs a GPU is left out where there is none; the header says so."""
    return True if collection_path == GPU_TESTS and not machine().gpus else None


def pytest_report_header() -> str:
    """What these tests run on."""
    found = machine()
    return f"on: {found.place}" + ("" if found.gpus else "; no NVIDIA GPU, so tests/gpu is left out")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser tests last: they are the slowest, and Playwright keeps an event loop running in this thread."""
    items.sort(key=_in_browser)


@pytest.fixture(scope="session", autouse=True)
def no_real_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home for tests that ask for none, so that nobody's own is touched; at the end no process is left."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TLSTUDIO_HOME", str(folder))
        yield folder
    end_processes(tmp_path_factory.getbasetemp())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home, which is also `TLSTUDIO_HOME`. Its nursery and workers end with the test."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("TLSTUDIO_HOME", str(folder))
    yield folder
    end_processes(folder)


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for tests that train for real: they share a warm nursery and the features of the samples."""
    folder = tmp_path_factory.mktemp("shared") / "home"
    folder.mkdir()
    yield folder
    end_processes(folder)


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """Seed each generator that is loaded; torch stays unloaded where a test does without it."""
    random.seed(SEED)
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed(SEED)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(SEED)


def free_port() -> int:
    """A port on this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for all tests. Without it they fail and say what to do; they are never skipped."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium

    found = chromium.find()
    if found is None:
        pytest.fail(chromium.missing(), pytrace=False)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=found, args=list(chromium.FLAGS), headless=True)
        yield made
        made.close()


def end_processes(folder: Path) -> None:
    """Kill whatever works in a home at or below `folder`, and what that has forked in the meantime."""
    for _ in range(5):
        found = [process for process in psutil.process_iter() if _works_in(process, folder)]
        for process in found:
            process.kill()
        psutil.wait_procs(found, timeout=5)
        if not found:
            return


def _works_in(process: psutil.Process, folder: Path) -> bool:
    """Whether its `TLSTUDIO_HOME` or one of its arguments is that folder or inside it."""
    if process.pid == os.getpid():
        return False
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        named = [process.environ().get("TLSTUDIO_HOME", ""), *process.cmdline()]
    except psutil.Error:  # it has ended, or is not ours
        return False
    return any(name.startswith("/") and Path(name).is_relative_to(folder) for name in named)


def _in_browser(item: pytest.Item) -> bool:
    return "browser" in getattr(item, "fixturenames", ()) or "browser" in item.path.parent.parts
