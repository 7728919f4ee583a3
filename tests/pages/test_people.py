"""Several people at one server: whose run it is, who may do what, whose turn it is, and what they keep with a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import HOSTILE, Open, image_dataset, make_run, parameter, ran, texts, train
from tlcore.runs import Run, Studio
from ui import person
from ui.run_filters import NOBODY, Filter, chosen


def be(at: AppTest, name: str) -> AppTest:
    """Say who is at this browser."""
    at.text_input(key="person-name").set_value(name)
    at.button(key="person-save").click()
    return ran(at)


def owned(studio: Studio, user: str, **columns: Any) -> Run:
    run = make_run(studio, f"{user}'s run", **columns)
    studio.store.update(run.id, user=user)
    return studio.store.run(run.id)


def field(kind: Any, label: str) -> Any:
    return next(one for one in kind if one.label == label)


def has(at: AppTest, key: str) -> bool:
    return any(button.key == key for button in at.button)


def test_a_name_is_chosen_once_and_the_browser_is_told(open_page: Open, home: Path, studio: Studio) -> None:
    dataset = image_dataset(home)
    at = be(open_page("strategy", dataset=dataset.id), "  Ada\tLovelace ")
    assert at.get("bidi_component")[-1].proto.component_name.endswith("tlstudio_person")
    at.button(key="start").click()
    ran(at)
    assert studio.runs()[0].user == "Ada Lovelace" and "of Ada Lovelace" in texts(at)


def test_the_cookie_of_an_earlier_visit_says_who_it_is(
    open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = owned(studio, "Zoë", status="running")
    kept = {person.COOKIE: "Zo%C3%AB"}
    monkeypatch.setattr(type(st.context), "cookies", property(lambda self: kept))
    at = open_page("train", run=run.id)
    assert at.text_input(key="person-name").value == "Zoë" and not at.button(key="stop").disabled


def test_only_the_owner_has_the_controls_and_everybody_may_look_and_copy(open_page: Open, studio: Studio) -> None:
    run = owned(studio, "ada", status="running")
    at = be(open_page("train", run=run.id), "bob")
    assert at.button(key="stop").disabled and at.button(key="pause").disabled and at.button(key="star").disabled
    assert "belongs to ada" in texts(at) and has(at, "duplicate") and not has(at, "run-words-save")
    be(at, "ada")
    assert not at.button(key="stop").disabled and not at.button(key="pause").disabled


def test_a_press_from_a_page_that_is_out_of_date_is_refused_in_a_sentence(open_page: Open, studio: Studio) -> None:
    run = owned(studio, "", status="running")
    at = be(open_page("train", run=run.id), "bob")
    studio.store.update(run.id, user="ada")
    at.button(key="stop").click()
    ran(at)
    assert "belongs to" in at.error[0].value and studio.store.run(run.id).status == "running"


def test_pause_is_shown_at_once_and_is_safe_in_two_tabs(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="running")
    at, other = open_page("train", run=run.id), open_page("train", run=run.id)
    for tab in (at, other):
        tab.button(key="pause").click()
        ran(tab)
        assert tab.button(key="pause").label == "Pausing…" and tab.button(key="pause").disabled and not tab.error
    assert [command for _, command in studio.store.commands(run.id)] == ["pause"]
    studio.store.end(run.id, "paused", "Paused after step 7.")
    ran(at)
    assert "Paused after step 7" in at.info[0].value.replace("\\", "") and not at.button(key="stop").disabled
    ran(other)
    at.button(key="resume").click()
    ran(at)
    other.button(key="resume").click()
    ran(other)
    assert studio.store.run(run.id).status == "queued" and not at.error and not other.error


def test_the_queue_says_whose_turn_it_is_and_own_runs_change_places(open_page: Open, studio: Studio) -> None:
    make_run(studio, status="running", activity="epoch 1", eta=75.0)
    first, second = owned(studio, "ada"), owned(studio, "ada")
    other = owned(studio, "bob")
    at = be(open_page("train", run=second.id), "ada")
    words = texts(at)
    assert "starts in about 1 min 15 s" in words and "people take turns" in words and "3 of 3 in the queue" in words
    assert at.button(key=f"up-{first.id}").disabled and at.button(key=f"down-{second.id}").disabled
    assert not has(at, f"withdraw-{other.id}")
    at.button(key=f"up-{second.id}").click()
    ran(at)
    assert [one.run.id for one in studio.queue() if one.run.user == "ada"] == [second.id, first.id]
    at.button(key=f"withdraw-{first.id}").click()
    ran(at)
    assert studio.store.run(first.id).status == "stopped" and len(studio.queue()) == 2


def test_three_runs_move_one_place_at_a_time(open_page: Open, studio: Studio) -> None:
    runs = [make_run(studio).id for _ in range(3)]
    at = open_page("train", run=runs[0])
    for expected in ([1, 0, 2], [1, 2, 0]):
        at.button(key=f"down-{runs[0]}").click()
        ran(at)
        assert [one.run.id for one in studio.queue()] == [runs[i] for i in expected]


def test_home_shows_the_queue(open_page: Open, studio: Studio) -> None:
    run = make_run(studio)
    at = open_page("home")
    at.button(key=f"open-queued-{run.id}").click()
    ran(at)
    assert at.title[0].value == "Train" and parameter(at, "run") == run.id


def test_name_tags_and_note_are_kept_and_only_what_changed_is_written(open_page: Open, studio: Studio) -> None:
    run = make_run(studio, status="finished")
    at = open_page("train", run=run.id)
    studio.rename(run.id, "Named in another tab")
    field(at.multiselect, "Tags").set_value(["night", HOSTILE[0]])
    field(at.text_area, "Note").set_value(f"Best so far.\n{HOSTILE[3]}")
    at.button(key="run-words-save").click()
    ran(at)
    after = studio.store.run(run.id)
    assert after.name == "Named in another tab" and list(after.tags) == ["night", HOSTILE[0]]
    assert after.remark.startswith("Best so far.")
    shown = [str(e.value) for kind in ("markdown", "caption") for e in getattr(at, kind)]
    assert any("Best so far" in words for words in shown) and any("night" in words for words in shown)
    assert not any(HOSTILE[0] in words or HOSTILE[3] in words for words in shown)
    at.button(key="star").click()
    ran(at)
    assert studio.store.run(run.id).starred


def test_a_copy_fills_the_form(open_page: Open, home: Path, studio: Studio) -> None:
    run = make_run(studio, epochs=17, dataset=image_dataset(home).id, status="finished")
    at = open_page("train", run=run.id)
    at.button(key="duplicate").click()
    ran(at)
    assert at.title[0].value == "Strategy" and at.number_input(key="epochs-feature_extraction").value == 17
    assert len(studio.runs()) == 1


def test_a_finished_run_trains_on_from_here(open_page: Open, home: Path, studio: Studio) -> None:
    run = make_run(studio, status="running", dataset=image_dataset(home).id)
    train(studio, run, steps=40)
    studio.store.end(run.id, "finished", "Epoch 4 was best on val and is kept.")
    at = open_page("train", run=run.id)
    at.number_input(key="extend-epochs").set_value(3)
    at.button(key="extend-start").click()
    ran(at)
    assert (studio.store.run(run.id).status, studio.store.run(run.id).epochs) == ("queued", 7)


def test_a_run_is_deleted_only_after_a_second_word_and_another_tab_says_so(open_page: Open, studio: Studio) -> None:
    keep, gone = make_run(studio, status="finished"), make_run(studio, status="finished")
    at, other = open_page("train", run=gone.id), open_page("train", run=gone.id)
    assert at.button(key="delete").disabled
    for tab in (at, other):
        tab.checkbox(key=f"delete-sure-{gone.id}").check()
        ran(tab)
    at.button(key="delete").click()
    ran(at)
    assert [run.id for run in studio.runs()] == [keep.id] and parameter(at, "run") == keep.id
    other.button(key="delete").click()
    ran(other)
    assert parameter(other, "run") == keep.id


def test_the_list_is_filtered_and_the_link_keeps_it(open_page: Open, studio: Studio) -> None:
    ada, bob = owned(studio, "ada", status="finished"), owned(studio, "bob", status="failed")
    studio.tag(ada.id, ["night"])
    at = open_page("train", run=bob.id, by="ada", tag="night")
    assert not at.dataframe, "what is shut costs nothing"
    at = open_page("train", run=bob.id, by="ada", tag="night", **{"all-runs": "True"})
    assert at.dataframe[0].value["user"].tolist() == ["ada"]
    at.toggle(key="starred").set_value(True)
    ran(at)
    assert "No run is like that" in texts(at) and parameter(at, "starred") == "True"


def test_filters_take_what_fits(studio: Studio) -> None:
    runs = (owned(studio, "ada", status="finished"), owned(studio, "", status="failed"))
    assert chosen(runs, Filter()) == runs
    assert chosen(runs, Filter(users=[NOBODY])) == runs[1:]
    assert chosen(runs, Filter(states=["finished"], words="ADA lite0")) == runs[:1]
    assert chosen(runs, Filter(tags=["x"])) == ()


@pytest.mark.parametrize(
    ("claims", "may"),
    [
        ({"email": "ada@lab.org"}, True),
        ({"email": "Ada@LAB.org", "email_verified": True}, True),
        ({"email": "bob@lab.org"}, False),
        ({"email": "bob@example.com"}, True),
        ({"email": "bob@evil-example.com"}, False),
        ({"email": "bob@example.com.evil.org"}, False),
        ({"email": "ada@lab.org", "email_verified": False}, False),
        ({"sub": "ada@lab.org"}, False),
        ({}, False),
    ],
)
def test_the_list_of_people_is_addresses_and_domains(claims: dict[str, object], may: bool) -> None:
    assert person.allowed(claims, "ada@lab.org, @example.com") is may
    assert person.allowed(claims, " ")


def test_a_list_without_a_sign_in_lets_nobody_in(
    open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(studio, "Hush hush")
    monkeypatch.setenv("TLSTUDIO_ALLOW", "example.com")
    at = open_page("home")
    assert "no sign-in is set up" in at.error[0].value and "Hush" not in texts(at)


@pytest.mark.parametrize(("email", "comes_in"), [("ada@example.com", True), ("eve@example.org", False), ("", False)])
def test_who_signed_in_is_who_the_provider_says(
    open_page: Open, studio: Studio, monkeypatch: pytest.MonkeyPatch, email: str, comes_in: bool
) -> None:
    class Claims(dict[str, Any]):
        is_logged_in = bool(email)

    run = owned(studio, "ada@example.com", status="running")
    monkeypatch.setenv("TLSTUDIO_ALLOW", "example.com")
    monkeypatch.setattr(st, "user", Claims(is_logged_in=bool(email), email=email))
    at = open_page("train", run=run.id)
    if comes_in:
        assert not at.button(key="stop").disabled and "Signed in as" in texts(at)
    else:
        assert not at.title and not has(at, "stop") and has(at, "sign-out" if email else "sign-in")
