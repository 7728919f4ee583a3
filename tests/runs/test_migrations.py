"""A store of any earlier release becomes one of this release, without losing a row; one of a later is left alone."""

import subprocess
import sys
import threading

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from tests.runs.test_store import add
from tlcore.errors import RunError, StoreError
from tlcore.runs import migrations
from tlcore.runs.database import engine_of
from tlcore.runs.schema import HEAD, META
from tlcore.runs.store import Store

OLD_RUN = """
    INSERT INTO runs (id, name, "user", status, reason, dataset, dataset_name, modality, backbone, strategy, recipe,
        created, host, activity, epoch, epochs, step, steps)
    VALUES ('r0', 'old', 'ada', 'finished', '', 'd', 'cats', 'image', 'minilm', 'lora', '{}', 7.5, '', '', 3, 3, 30, 30)
"""
OLD_NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, run VARCHAR(32), time FLOAT, level VARCHAR(8), text TEXT)"


def raw(url):
    return create_engine(url.replace("postgresql://", "postgresql+psycopg://"))


def shape(url):
    """Columns and indexes by table, as the database has them; kinds in the words that both ways have in common."""
    found = inspect(raw(url))
    return {
        table: (
            {(column["name"], str(column["type"]), column["nullable"]) for column in found.get_columns(table)},
            {(index["name"], tuple(index["column_names"])) for index in found.get_indexes(table)},
        )
        for table in META.tables
    }


def old(url):
    """A store as the last release without numbered schemas made it."""
    Store(url)
    with raw(url).begin() as connection:
        for table in ("sweeps", "trials"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP INDEX trials_of_sweep"))
        for name in ("sweep", "trial", "starred", "tags", "remark", "place", "worked", "beat", "claim", "slot", "boot"):
            connection.execute(text(f"ALTER TABLE runs DROP COLUMN {name}"))
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text(OLD_RUN))


def test_the_head_is_the_last_migration():
    config = Config()
    config.set_main_option("script_location", next(iter(migrations.__path__)))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_store_without_a_number_is_brought_up_to_date_and_keeps_its_runs(url):
    old(url)
    store = Store(url)
    run = store.run("r0")
    assert (run.name, run.place, run.starred, run.tags, run.remark, run.claim) == ("old", 7.5, False, [], "", 0)
    assert add(store).place == 8.5


def test_migrating_and_making_anew_come_to_the_same(url, tmp_path, request):
    old(url)
    Store(url)
    fresh = f"sqlite:///{tmp_path / 'fresh.db'}"
    if url.startswith("postgresql"):
        fresh = request.getfixturevalue("postgres").database()
    Store(fresh)
    assert shape(url) == shape(fresh)


def test_a_store_from_the_first_days_gets_the_tables_and_columns_it_lacks(url):
    with raw(url).begin() as connection:
        connection.execute(text(OLD_NOTES))
        connection.execute(text("INSERT INTO notes VALUES (1, 'r', 1.0, 'info', 'from before')"))
    store = Store(url)
    assert [(note.text, note.step) for note in store.notes("r")] == [("from before", None)]
    assert add(store).status == "queued"


def test_many_processes_open_an_old_store_at_once(url):
    old(url)
    opened: list[object] = []
    threads = [threading.Thread(target=lambda: opened.append(Store(url).run("r0").place)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [7.5] * 6


def test_a_store_of_a_newer_release_is_left_alone(url):
    Store(url)
    with raw(url).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RunError, match="schema is 9999, of a newer release; this one knows up to"):
        Store(url)


def test_opening_a_store_of_today_does_not_load_alembic(url):
    Store(url)
    code = f"import sys; from tlcore.runs.store import Store; Store({url!r}).runs(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"


def test_what_is_wrong_with_an_address_is_a_sentence(monkeypatch):
    with pytest.raises(RunError, match="'nonsense', which is no address of a database"):
        engine_of("nonsense", patience=1)
    with pytest.raises(StoreError, match=r"does not answer \(connection failed.* its server away"):
        engine_of("postgresql://me:secret@127.0.0.1:1/none", patience=1)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(RunError, match=r'127.0.0.1:1/none needs .* pip install "psycopg\[binary\]"') as caught:
        engine_of("postgresql://me:secret@127.0.0.1:1/none", patience=1)
    assert "secret" not in str(caught.value)
