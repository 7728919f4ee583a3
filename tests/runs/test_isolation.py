"""Work in a process of its own: what it makes comes over, and its end is told from its death."""

import os
import signal
import time

import psutil
import pytest

from tlcore.errors import RecipeError, RunError
from tlcore.runs.isolation import apart


def test_what_is_made_comes_over_in_order():
    made = list(apart(lambda: iter([{"n": 1, "pid": os.getpid()}, {"n": 2, "words": "x" * 200_000}])))
    assert [one["n"] for one in made] == [1, 2] and len(made[1]["words"]) == 200_000
    assert made[0]["pid"] != os.getpid()


def test_a_mistake_keeps_its_words():
    def work():
        yield {"n": 1}
        raise RecipeError("This does not go together.")

    running = apart(work)
    assert next(running) == {"n": 1}
    with pytest.raises(RunError, match="^This does not go together.$"):
        next(running)


def test_what_is_unforeseen_is_named(capfd):
    with pytest.raises(RunError, match=r"unforeseen went wrong \(ZeroDivisionError\); the log has it"):
        list(apart(lambda: iter([{"n": 1 // 0}])))
    assert "Traceback" in capfd.readouterr().err


def test_a_killed_one_says_so():
    def work():
        yield {"n": 1}
        os.kill(os.getpid(), signal.SIGKILL)

    running = apart(work)
    next(running)
    with pytest.raises(RunError, match="killed by SIGKILL, which is what the system does when memory runs out"):
        next(running)


def sleeper():
    yield {"pid": os.getpid()}
    time.sleep(600)


def test_nobody_works_for_nobody():
    running = apart(sleeper)
    pid = next(running)["pid"]
    assert psutil.pid_exists(pid)
    running.close()
    assert not psutil.pid_exists(pid)


def test_what_the_tick_raises_ends_the_work():
    def tick():
        raise RecipeError("Cancelled.")

    running = apart(sleeper, tick=tick)
    pid = next(running)["pid"]
    with pytest.raises(RecipeError, match="Cancelled"):
        next(running)
    assert not psutil.pid_exists(pid)
