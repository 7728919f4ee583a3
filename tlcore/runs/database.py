"""Connections to the store's database, SQLite or PostgreSQL, and its schema brought up to date."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, table, text
from sqlalchemy import column as named
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from tlcore.errors import RunError, StoreError
from tlcore.lock import hold
from tlcore.runs.schema import HEAD, META

__all__ = ["connected", "engine_of", "storable"]

KEPT = 4
"""Connections that are kept at most; more are opened at need and closed again."""
MIGRATION_LOCK = 7_420_116
"""Number of the advisory lock under which one process changes a PostgreSQL store."""
_VERSION = table("alembic_version", named("version_num"))


def engine_of(url: str, *, patience: float, keeps: bool = False) -> Engine:
    """An engine for the URL, whose schema is this release's.

    Args:
        patience: Seconds to wait for a store that another process has locked.
        keeps: Keep connections between uses, which halves what a question costs; for a process that does not fork.

    Raises:
        RunError: the URL is not understood, a driver is missing, or the store is a newer release's.
        StoreError: the store does not answer.
    """
    address = url.replace("postgres://", "postgresql://", 1)
    address = address.replace("postgresql://", "postgresql+psycopg://", 1)
    try:
        pool: dict[str, Any] = {"poolclass": NullPool}
        if keeps:
            # A database server may have been started anew since.
            pool = {"pool_size": KEPT, "max_overflow": -1, "pool_pre_ping": not address.startswith("sqlite")}
        engine = create_engine(address, json_serializer=_as_json, **pool)
    except ModuleNotFoundError as error:
        raise RunError(
            f"The store at {_shown(url)} needs the Python package {error.name!r}, which is not installed here. "
            'For PostgreSQL: pip install "psycopg[binary]".'
        ) from error
    except ArgumentError as error:
        raise RunError(
            f"TLSTUDIO_DATABASE_URL is {_shown(url)!r}, which is no address of a database. "
            "Give one such as postgresql://user:password@host/name, or unset it to keep runs in the home folder."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: _tune_sqlite(connection, patience))
        if engine.url.database:
            path = Path(engine.url.database)
            event.listen(engine, "checkout", lambda _, entry, __: _check_file(entry, path))
    _bring_up_to_date(engine)
    return engine


@contextmanager
def connected(engine: Engine) -> Iterator[Connection]:
    """One transaction; what the driver says of a store that does not answer becomes a sentence.

    Raises:
        StoreError: the store is locked, full or away. The transaction did not happen.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except (OperationalError, InterfaceError) as error:
        raise StoreError(_sentence(error)) from error


def storable(value: Any) -> Any:
    """The same without what databases refuse: NUL and half characters in text."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {storable(key): storable(one) for key, one in value.items()}
    return [storable(one) for one in value] if isinstance(value, list | tuple) else value


def _bring_up_to_date(engine: Engine) -> None:
    if _version(engine) == HEAD:
        return
    with _alone(engine) as connection:
        found = _version(engine)
        if found == HEAD:
            return
        if found is None and not inspect(connection).has_table("runs") and not inspect(connection).has_table("notes"):
            META.create_all(connection)
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(insert(_VERSION).values(version_num=HEAD))
            return
        if found is not None and found > HEAD:
            raise RunError(
                f"The store's schema is {found}, of a newer release; this one knows up to {HEAD}. Update TL Studio."
            )
        _migrate(connection)


def _version(engine: Engine) -> str | None:
    """The store's schema by number; None where there is none yet."""
    try:
        with connected(engine) as connection:
            found: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
    except ProgrammingError:  # PostgreSQL: no such table
        return None
    except StoreError as error:
        if "no such table" in str(error):  # SQLite says the same of a table that is absent and of a lock
            return None
        raise
    return found


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """The only process that changes the schema, in one transaction."""
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    with hold(Path(f"{path}.lock")) if path else nullcontext(), connected(engine) as connection:
        if not path:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
        yield connection


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _tune_sqlite(connection: Any, patience: float) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={round(1000 * patience)}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _check_file(entry: ConnectionPoolEntry, path: Path) -> None:
    """A connection of a file that was moved away or put back from a backup since is opened anew."""
    try:
        found = path.stat()
        now = (found.st_dev, found.st_ino)
    except FileNotFoundError:
        now = None
    if entry.info.setdefault("file", now) != now:
        raise DisconnectionError(f"{path} is another file than it was.")


def _as_json(value: object) -> str:
    return json.dumps(_finite(value), allow_nan=False)


def _finite(value: Any) -> Any:
    """JSON knows no infinity, and PostgreSQL insists: such numbers are left empty."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


def _sentence(error: DBAPIError) -> str:
    said = " ".join(str(error.orig).split()).rstrip(".")
    return (
        f"The store of runs does not answer ({said}). It may be locked by a backup, its disk full, or its server away. "
        "What trains goes on; try again in a moment."
    )


def _shown(url: str) -> str:
    """Without a password."""
    before, at, after = url.rpartition("@")
    return f"{before.partition('://')[0]}://...@{after}" if at else url
