"""The process that has torch imported and forks a worker per run, so that a click is followed by work at once.

Single-threaded, and it never touches CUDA nor runs a tensor operation, so that its children start clean.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path

from tlcore.device import machine
from tlcore.errors import StoreError
from tlcore.features.export import export, graph_path
from tlcore.lock import take
from tlcore.runs import jobs, launcher
from tlcore.runs.deletion import sweep
from tlcore.runs.forking import ended, fork
from tlcore.runs.liveness import Watch, boot, here, noticed, run_folder
from tlcore.runs.patience import patiently
from tlcore.runs.queue import order
from tlcore.runs.records import BUSY, LIVE, Run, Status
from tlcore.runs.settings import Settings, kept
from tlcore.runs.store import open_store
from tlcore.runs.sweeps.begin import driven_here, sweep_folder
from tlcore.runs.sweeps.ledger import Ledger
from tlcore.zoo import Backbone, backbones, weights_state

__all__ = ["Nursery", "serve"]

WORK_NICE, EXPORT_NICE = 5, 10
"""Pages are drawn on the same cores."""
POLL_SECONDS = 0.05
LOOK_SECONDS = 2.0
IDLE_SECONDS = float(os.environ.get("TLSTUDIO_NURSERY_IDLE", "3600"))
WARM = (
    "tlcore.runs.worker",
    "torch._dynamo",
    "timm",
    "torchvision.models",
    "torchvision.transforms.v2",
    "tlcore.runs.preview",
    "tlcore.runs.trying",
    "tlcore.runs.explained",
    "captum.attr",
    "transformers.models.bert.modeling_bert",
    "sklearn.metrics",
)
_LOG = logging.getLogger(__name__)


def serve(home: Path, lock: int) -> None:
    """Be the nursery of `home` until idle for long, or until the code on disk is newer.

    Args:
        lock: Descriptor of the nursery's lock, held already by whoever started this process.
    """
    os.set_inheritable(lock, False)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s nursery %(levelname)s %(message)s")
    Nursery(home=home, lock=lock).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A worker that this nursery forked."""

    run: str
    claim: int
    slot: int


@dataclass(kw_only=True)
class Nursery:
    """Starts what is queued when a slot is free, and says what became of each child."""

    home: Path
    lock: int
    """Descriptor of the nursery's own lock, which no child may keep."""
    children: dict[int, Child] = field(default_factory=dict)
    """By process id."""

    def __post_init__(self) -> None:
        self.store = patiently(open_store, self.home)
        self.watch, self.dead = Watch(), list[tuple[Child, str]]()
        self.n_gpus = len(machine().gpus)
        self.code = _code_time()
        self.cold = list(WARM)
        self.ahead = [] if self.n_gpus else [record for record in backbones("image") if record.package]
        self.jobs: dict[str, int] = {}  # process id, by lane
        self.drivers: dict[int, str] = {}  # sweeps, by process id
        self.exporter = 0
        self.swept = False

    def run(self) -> None:
        """Look at the bell often, at the store now and then, and import what is still cold in between."""
        heard, looked, busy = 0.0, 0.0, time.monotonic()
        self.warm()
        while self.home.is_dir() and time.monotonic() - busy < IDLE_SECONDS:
            rung = _changed(launcher.bell(self.home))
            if self.reap() or rung != heard or time.monotonic() - looked > LOOK_SECONDS:
                if not self.children and not self.jobs and not self.drivers and _code_time() != self.code:
                    return
                heard, looked = rung, time.monotonic()
                self.look()
            elif self.cold:
                self.warm()
            elif self.ahead and not self.children and not self.exporter and not self.jobs:
                self.export(self.ahead.pop(0))
            busy = time.monotonic() if self.children or self.jobs or self.drivers else busy
            time.sleep(POLL_SECONDS)

    def warm(self) -> None:
        """Import the next module that workers need."""
        with contextlib.suppress(ImportError):
            import_module(self.cold.pop(0))

    def look(self) -> None:
        """Start what waits. A store that does not answer now is looked at again with the next look."""
        self.start_jobs()
        try:
            self.tell_deaths()
            self.start_queued()
            self.start_drivers()
            if not self.swept:
                sweep(self.store, self.home)
                self.swept = True
        except StoreError as error:
            _LOG.warning("%s", error)

    def start_queued(self) -> None:
        """Fork workers for those whose turn it is, as many as there are free slots."""
        settings = kept(self.home)
        found = [self.noticed(run, settings) for run in self.store.runs(limit=1000, status=LIVE)]
        busy = [run for run in found if run.status in BUSY]
        mine = {run.id: run for run in busy if here(self.store, self.home, run)}
        leaving = [child for child in self.children.values() if child.run not in mine]
        free = settings.n_slots() - len(mine) - len(leaving)
        queued = [run for run in found if run.status == "queued" and self.startable(run)]
        taken = {run.slot for run in mine.values()} | {child.slot for child in leaving}
        slots = (slot for slot in count() if slot not in taken)
        for run in order(queued, busy, self.store.last_starts())[: max(0, free)] if queued else ():
            self.start(run, next(slots))

    def noticed(self, run: Run, settings: Settings) -> Run:
        """The run as it is; a dead worker is noticed here."""
        return noticed(self.store, self.home, run, self.watch, auto_resume=settings.auto_resume)

    def startable(self, run: Run) -> bool:
        """Whether its data is in this home, and its state is not in another's."""
        worked_here = (run_folder(self.home, run.id) / "log.txt").exists()  # who came second has a folder with a lock
        own = not run.claim or run.host == socket.gethostname() or worked_here
        return own and (self.home / "datasets" / run.dataset).is_dir()

    def start(self, run: Run, slot: int) -> None:
        """Take the run's lock, claim its row, fork. The child inherits the lock and holds it for life."""
        folder = run_folder(self.home, run.id)
        lock = take(folder / "lock")
        if lock is None:
            return
        try:
            claim = self.store.take(run.id, host=socket.gethostname(), boot=boot(), slot=slot, activity="starting")
            if claim is None:
                _leave_no_lock(folder)
                return
            child = Child(run=run.id, claim=claim, slot=slot)
            pid = self.fork(lambda: self.work(child), folder)
            self.children[pid] = child
            _LOG.info("run %s is process %d", run.id, pid)
        finally:
            os.close(lock)

    def start_jobs(self) -> None:
        """Fork a child for the oldest job in each lane that is free."""
        for folder in jobs.waiting(self.home):
            if jobs.lane(folder) not in self.jobs:
                self.start_job(folder)

    def start_job(self, folder: Path) -> None:
        """Fork a child for a job, unless another process has it; the child inherits its lock."""
        lock = take(folder / "lock")
        if lock is None:
            return
        (folder / "began").touch()
        self.jobs[jobs.lane(folder)] = self.fork(lambda: jobs.serve(self.home, folder), folder)
        os.close(lock)

    def start_drivers(self) -> None:
        """Fork a driver for each sweep of this home that has none, also where the last one died."""
        for due in Ledger(self.store).at_work():
            if due.id in self.drivers.values() or not driven_here(due, self.store, self.home):
                continue
            folder = sweep_folder(self.home, due.id)
            lock = take(folder / "lock")
            if lock is None:
                continue
            self.drivers[self.fork(partial(_drive, self.home, due.id), folder)] = due.id
            os.close(lock)

    def fork(self, work: Callable[[], int], folder: Path) -> int:
        """A child that logs into its folder; where no GPU computes it stands back for the pages."""
        return fork(work, lock=self.lock, log=folder / "log.txt", nice=0 if self.n_gpus else WORK_NICE)

    def work(self, child: Child) -> int:
        """In the child: a device of its own, then the run."""
        if self.n_gpus > 1:
            visible = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(self.n_gpus)))
            devices = visible.split(",")
            os.environ["CUDA_VISIBLE_DEVICES"] = devices[child.slot % len(devices)]
        from tlcore.runs.worker import work

        return work(self.home, child.run, child.claim)

    def export(self, record: Backbone) -> None:
        """Make the graph that CPU runs of this backbone will want, if there is none, in a child that stands back."""
        graph = graph_path(record, self.home)
        if not graph.exists() and weights_state(record, self.home).ready:
            self.exporter = fork(partial(_export, record, graph, self.home), lock=self.lock, nice=EXPORT_NICE)

    def reap(self) -> bool:
        """Collect ended children. Returns whether any ended."""
        before = len(self.children) + len(self.jobs) + len(self.drivers)
        while self.children or self.exporter or self.jobs or self.drivers:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            self.exporter = 0 if pid == self.exporter else self.exporter
            self.jobs = {lane: job for lane, job in self.jobs.items() if job != pid}
            self.drivers.pop(pid, None)
            child = self.children.pop(pid, None)
            if child and status:
                self.dead.append((child, ended(pid, status)))
        return len(self.children) + len(self.jobs) + len(self.drivers) != before

    def tell_deaths(self) -> None:
        """Close the runs of workers that died, with the reason."""
        unfinished: set[Status] = {*BUSY, "interrupted"}
        while self.dead:
            child, reason = self.dead[0]
            seen = self.store.last_seen(child.run)
            self.store.end(child.run, "interrupted", reason, where=unfinished, claim=child.claim, finished=seen)
            self.dead.pop(0)


def _drive(home: Path, sweep: str) -> int:
    from tlcore.runs.sweeps.driver import drive

    return drive(home, sweep)


def _export(record: Backbone, graph: Path, home: Path) -> int:
    export(record, graph, home)
    return 0


def _leave_no_lock(folder: Path) -> None:
    """Of a run that another home's nursery claimed first: a free lock here would say that its worker is dead."""
    if [path.name for path in folder.iterdir()] == ["lock"]:
        (folder / "lock").unlink()
        folder.rmdir()


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _code_time() -> float:
    """When the engine's code on disk last changed."""
    root = Path(__file__).resolve().parents[1]
    return max(_changed(path) for path in root.rglob("*.py"))


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
