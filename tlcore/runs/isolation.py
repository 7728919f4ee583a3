"""Work in a process of its own: its memory can be told from that of others, and its death is survived."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

from tlcore.errors import RunError, TlcoreError

__all__ = ["apart"]

TICK_SECONDS = 0.25
CHUNK = 2**16
Work = Callable[[], Iterator[Mapping[str, Any]]]


def apart(work: Work, *, tick: Callable[[], None] = lambda: None) -> Iterator[dict[str, Any]]:
    """What `work` yields, which must be plain values, from a forked child; it is killed if nobody reads on.

    The caller must not have used threads or CUDA, which do not survive a fork.

    Args:
        tick: Called a few times a second while nothing comes; what it raises ends the work.

    Raises:
        RunError: the child was killed, or failed; the message says how.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _become(work, writing)
    os.close(writing)
    ended = False
    try:
        for line in _lines(reading, tick):
            if "failed" in line:
                raise RunError(line["failed"])
            yield line["made"]
        ended = True
    finally:
        os.close(reading)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        raise RunError(_killed(signal.Signals(os.WTERMSIG(status)).name))


def _become(work: Work, writing: int) -> NoReturn:
    """In the child: work, a line of JSON for each thing made."""
    try:
        for made in work():
            _write(writing, {"made": dict(made)})
    except BrokenPipeError:
        pass
    except TlcoreError as error:
        _write(writing, {"failed": str(error)})
    except BaseException as error:
        traceback.print_exc()
        _write(writing, {"failed": f"Something unforeseen went wrong ({type(error).__name__}); the log has it."})
    finally:
        sys.stderr.flush()
        os._exit(0)


def _write(writing: int, line: Mapping[str, Any]) -> None:
    rest = json.dumps(line).encode() + b"\n"
    while rest:
        rest = rest[os.write(writing, rest) :]


def _lines(reading: int, tick: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Until the other end is closed, which its death does too."""
    held = b""
    while True:
        if not select.select([reading], [], [], TICK_SECONDS)[0]:
            tick()
            continue
        came = os.read(reading, CHUNK)
        *whole, held = (held + came).split(b"\n")
        yield from map(json.loads, whole)
        if not came:
            return


def _killed(name: str) -> str:
    likely = ", which is what the system does when memory runs out" if name == "SIGKILL" else ""
    return f"Its process was killed by {name}{likely}."
