"""A PostgreSQL server for the tests of the store: found, installed where it can be, started on a free port.

`python -m tests.runs.postgresql` prints which it is and exits with 0, or says what to do and exits with 1.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.conftest import free_port

__all__ = ["Server", "find", "install", "missing", "served"]

APT_SECONDS = 900
START_SECONDS = 60
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=60", "shared_buffers=32MB")
"""What is in it need not outlive a power cut."""


class Server:
    """One that runs; every database asked of it is new and empty."""

    def __init__(self, port: int) -> None:
        self._port, self._numbers = port, count(1)

    def database(self) -> str:
        """Make a database; returns its URL."""
        import psycopg

        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return self.url(name)

    def url(self, name: str) -> str:
        """Of a database."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"


def find() -> Path | None:
    """The folder of `initdb` and `postgres`, the newest of Debian's or what is on the path."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    named = shutil.which("initdb")
    folders = [*debian, *([Path(named).resolve().parent] if named else [])]
    return next(
        (folder for folder in folders if all((folder / name).exists() for name in ("initdb", "postgres"))), None
    )


def install() -> Path | None:
    """Debian's package, as root; None where it cannot be had."""
    if not shutil.which("apt-get") or os.geteuid():
        return None
    print("No PostgreSQL here. Trying Debian's package postgresql ...", flush=True)
    for words in (["update", "--quiet"], ["install", "--yes", "--quiet", "--no-install-recommends", "postgresql"]):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", *words], env=environment, timeout=APT_SECONDS, check=False)
    return find()


def missing() -> str:
    """What is wrong where `find` gives None, and what to do."""
    return (
        "The store is tested on a real PostgreSQL server too, and none is here. Install one (on Debian as root: "
        "apt-get install postgresql); it need not run."
    )


@contextmanager
def served(programs: Path) -> Iterator[Server]:
    """A server of its own, which leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="tlstudio-postgresql-"))
    user = _user()
    if user is not None:
        os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    data, port = folder / "data", free_port()
    making = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(making, user=user, cwd=folder, capture_output=True, check=True)
    settings = ["listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}", *QUICK]
    words = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *words], user=user, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait(process, port, folder / "log.txt")
        yield Server(port)
    finally:
        process.send_signal(signal.SIGINT)  # its "fast" end
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid():
        return None
    return next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)) and b"ready to accept connections" in log.read_bytes():
                return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def main() -> int:
    """Find or install, and say which."""
    programs = find() or install()
    if programs is None:
        print(missing(), file=sys.stderr)
        return 1
    print(f"The tests of the store use PostgreSQL of {programs}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
