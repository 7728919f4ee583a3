"""Whose turn it is: fair over people, in everybody's own order, with estimates only where something is known."""

import pytest

from tlcore.runs.queue import expected, forecast, order
from tlcore.runs.records import Run


def run(name, user="", *, place=0.0, **changes):
    values = dict.fromkeys(Run.__dataclass_fields__)
    values |= {"id": name, "name": name, "user": user, "status": "queued", "place": place, "created": place}
    values |= {"dataset": "d", "backbone": "b", "strategy": "s", "epoch": 0, "epochs": 10, "worked": 0.0}
    return Run(**(values | changes))


def names(runs):
    return "".join(one.id for one in runs)


def test_people_take_turns_whoever_came_first():
    mine = [run(name, "ada", place=i) for i, name in enumerate("abcd")]
    theirs = [run(name, "bo", place=10 + i) for i, name in enumerate("xy")]
    assert names(order([*theirs, *mine], [], {})) == "axbycd"


def test_who_has_fewer_at_work_goes_first():
    queued = [run("a", "ada", place=1), run("x", "bo", place=2)]
    assert names(order(queued, [run("r", "ada")], {})) == "xa"


def test_among_equals_goes_first_whose_last_start_is_longest_ago():
    queued = [run("a", "ada", place=1), run("x", "bo", place=2), run("n", "cy", place=3)]
    assert names(order(queued, [], {"ada": 300.0, "bo": 200.0})) == "nxa"


def test_one_person_s_runs_go_by_their_place():
    assert names(order([run("b", place=2), run("c", place=3), run("a", place=1)], [], {})) == "abc"


def test_a_start_is_foretold_from_what_works_and_what_is_ahead():
    queued = [run("a"), run("b"), run("c")]
    busy = [run("r", eta=30.0, status="running"), run("q", eta=100.0, status="running")]
    found = forecast(queued, busy, 2, lambda one: 40.0)
    assert [one.starts_in for one in found] == [30.0, 70.0, 100.0]
    assert [one.position for one in found] == [1, 2, 3]
    assert found[0].why == "All 2 slots are taken. It is the next in line."
    assert found[2].why == "All 2 slots are taken. 2 runs are ahead of it."


def test_what_nobody_knows_is_not_foretold():
    busy = [run("r", status="running", eta=None)]
    assert forecast([run("a")], busy, 1, lambda one: 5.0)[0].starts_in is None
    known = forecast([run("a"), run("b")], [run("r", eta=9.0)], 1, lambda one: None)
    assert [one.starts_in for one in known] == [9.0, None]


def test_a_free_slot_and_a_turn_are_said():
    found = forecast([run("a", place=2), run("b", place=1)], [], 1, lambda one: None)
    assert (found[0].starts_in, found[0].why) == (0.0, "A slot is free: it starts within moments.")
    assert found[1].why == "There is one slot. 1 run is ahead of it, because people take turns."
    taken = forecast([run("a")], [run("tulips", status="running")], 1, lambda one: None)
    assert taken[0].why == "The slot is taken by 'tulips'. It is the next in line."


def test_a_duration_is_the_pace_of_runs_alike():
    done = [
        run("1", started=100.0, finished=200.0, epoch=10, status="finished"),
        run("2", started=100.0, finished=140.0, epoch=2, worked=20.0, status="finished"),
        run("3", started=0.0, finished=900.0, epoch=1, backbone="other", status="finished"),
    ]
    assert expected(run("a"), done) == pytest.approx(10 * (10 + 30) / 2)
    assert expected(run("a", epoch=8), done) == pytest.approx(2 * 20)
    assert expected(run("a", strategy="other"), done) is None
