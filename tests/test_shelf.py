"""A shelf keeps what is used, forgets what is not, and never shows half of anything."""

import os
import threading

import pytest

from tlcore.shelf import Shelf


def filled(n_bytes):
    return lambda folder: (folder / "data.bin").write_bytes(os.urandom(n_bytes))


def put(shelf, name, n_bytes=100_000, used=None):
    folder, holding = shelf.place({"name": name}, filled(n_bytes))
    if used is not None:
        os.utime(folder / "key.json", (used, used))
    return folder, holding


def names(shelf):
    return [item.key["name"] for item in shelf.items()]


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "shelf", limit=350_000)


def test_the_same_key_is_made_once(shelf):
    first, _ = put(shelf, "a")
    content = (first / "data.bin").read_bytes()
    again, _ = put(shelf, "a")
    assert again == first and (again / "data.bin").read_bytes() == content


def test_the_longest_unused_goes_when_a_new_one_needs_room(shelf):
    for used, name in enumerate("abcd", 1000):
        os.close(put(shelf, name, used=used)[1])
    os.close(put(shelf, "a")[1])  # used again: the youngest now
    os.close(put(shelf, "e")[1])
    assert names(shelf) == ["d", "a", "e"], "three of these fit the limit"


def test_room_is_made_for_what_a_table_will_hold_not_for_its_first_rows(shelf):
    def sparse(folder):
        with (folder / "values.npy").open("wb") as file:
            file.truncate(200_000)

    os.close(put(shelf, "a", used=1)[1])
    os.close(put(shelf, "b", used=2)[1])
    os.close(shelf.place({"name": "growing"}, sparse)[1])
    assert names(shelf) == ["b", "growing"]
    (growing,) = (item for item in shelf.items() if item.key["name"] == "growing")
    assert growing.n_bytes < 20_000 and growing.full >= 200_000


def test_what_is_held_stays(shelf):
    _, holding = put(shelf, "a", used=1)
    os.close(put(shelf, "b", used=2)[1])
    assert shelf.evict(0) > 0
    assert names(shelf) == ["a"]
    os.close(holding)
    shelf.evict(0)
    assert names(shelf) == []
    assert list(shelf.folder.iterdir()) == []


def test_a_failure_while_making_shows_nothing(shelf):
    def failing(folder):
        (folder / "data.bin").write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        shelf.place({"name": "a"}, failing)
    assert shelf.items() == ()


def test_placing_while_another_evicts_loses_nothing(shelf):
    done = threading.Event()

    def evict():
        while not done.is_set():
            shelf.evict(0)

    thread = threading.Thread(target=evict)
    thread.start()
    try:
        for i in range(200):
            folder, holding = put(shelf, f"{i % 5}", 100)
            assert len((folder / "data.bin").read_bytes()) == 100
            os.close(holding)
    finally:
        done.set()
        thread.join()


def test_a_damaged_folder_is_made_anew(shelf):
    folder, holding = put(shelf, "a")
    os.close(holding)
    (folder / "held").unlink()
    again, _ = put(shelf, "a")
    assert again == folder and (again / "data.bin").stat().st_size == 100_000
