"""The nursery is started once, however often and by however many it is asked for."""

from pathlib import Path

import psutil

from tests.conftest import end_processes
from tlcore.lock import is_held
from tlcore.runs import launcher


def test_one_nursery_starts_however_often_it_is_asked_for(tmp_path: Path) -> None:
    try:
        for _ in range(20):
            launcher.ensure(tmp_path)
            assert is_held(launcher.nursery_lock(tmp_path)), "from the first moment, before it has loaded anything"
        named = [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in (one.info["cmdline"] or ())]
        assert len(named) == 1 and "tlcore.runs.nursery" in named[0].info["cmdline"]
    finally:
        end_processes(tmp_path)
    assert not is_held(launcher.nursery_lock(tmp_path)), "and the lock is free once it is gone"
