"""Stores to test on: SQLite, and a real PostgreSQL server that is started once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs import postgresql
from tlcore.data import Dataset, add_sample
from tlcore.runs import Studio
from tlcore.runs.store import Store


@pytest.fixture(scope="module")
def studio(shared_home: Path) -> Studio:
    """A studio whose nursery stays warm over the tests of a module."""
    made = Studio(shared_home)
    made.warm()
    return made


@pytest.fixture(scope="module")
def messages(studio: Studio) -> Dataset:
    """The sample of texts, in that studio's home."""
    return add_sample("messages", studio.home)


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Server]:
    """Without one the tests fail and say what to do; they are never skipped."""
    programs = postgresql.find()
    if programs is None:
        pytest.fail(postgresql.missing(), pytrace=False)
    with postgresql.served(programs) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: postgresql.Server = request.getfixturevalue("postgres")
    return server.database()


@pytest.fixture(params=[False, True], ids=["opens", "keeps"])
def store(request: pytest.FixtureRequest, url: str) -> Store:
    """Empty, of each kind; with a connection for each use, as in workers, and with some that stay, as in a server."""
    return Store(url, keeps=request.param)
