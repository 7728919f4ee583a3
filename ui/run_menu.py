"""What people keep with a run, and the end of it: star, name, tags, note, a changed copy, deletion."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import streamlit as st

from tlcore.data import load_dataset
from tlcore.home import home
from tlcore.runs import REST, Run
from tlcore.training import Recipe
from ui import state
from ui.guard import guard
from ui.naming import run_title
from ui.person import me
from ui.recipe_file import load
from ui.words import plain, visible

__all__ = ["kept", "menu"]


def menu(run: Run, tags: Sequence[str], known: Sequence[Run]) -> None:
    """A star and a menu; `tags` are those of all runs, to choose from; `known` is what it may be set beside."""
    own = state.studio().may(run, me())
    star = "★ Starred" if run.starred else "☆ Star"  # the icons of Material are both hollow
    title = "Take the star away" if run.starred else "Starred runs can be listed alone"
    st.button(star, key="star", type="tertiary", help=title, disabled=not own, on_click=_star, args=(run,))
    with st.popover("Manage", icon=":material/more_horiz:", key=f"run-menu-{run.id}"):
        if own:
            _words(run, tags)
        else:
            st.caption(f"This run belongs to {plain(run.user)}, who alone can change it. A copy is yours.")
        copy = "The form on the Strategy page, filled with this recipe."
        if st.button("Duplicate with changes", icon=":material/content_copy:", key="duplicate", help=copy):
            with guard():
                _duplicate(run)
        _comparison(run, known)
        if own and run.status in REST:
            _deletion(run)
        elif own:
            st.caption("Stop it before it can be deleted.")


def kept(run: Run) -> None:
    """Tags and note, where there are any."""
    if run.tags:
        with st.container(horizontal=True, gap="small", key="run-tags"):
            for tag in run.tags:
                st.badge(plain(tag), icon=":material/label:", color="gray")
    if run.remark:
        st.caption("  \n".join(plain(line) for line in run.remark.splitlines()))


def _words(run: Run, tags: Sequence[str]) -> None:
    keys = _keys(run)
    with st.form(f"run-words-{run.id}", border=False, enter_to_submit=False):
        st.text_input("Name", run.name, max_chars=120, key=keys["name"])
        known = list(dict.fromkeys([*run.tags, *tags]))
        st.multiselect("Tags", known, list(run.tags), format_func=visible, key=keys["tags"], accept_new_options=True)
        st.text_area("Note", run.remark, max_chars=4000, key=keys["remark"], height=90)
        st.form_submit_button("Save", type="primary", key="run-words-save", on_click=_save, args=(run,))


def _keys(run: Run) -> dict[str, str]:
    """Of the fields. What another tab writes makes new ones, so that none holds what is no longer so."""
    mark = zlib.crc32(repr((run.name, list(run.tags), run.remark)).encode())
    return {field: f"run-{field}-{run.id}-{mark:08x}" for field in ("name", "tags", "remark")}


def _save(run: Run) -> None:
    """Write what differs from the run as it was drawn; what another tab changed in the meantime stays."""
    studio, user, entered = state.studio(), me(), {field: state.entered(key) for field, key in _keys(run).items()}
    with guard():
        if entered["name"].strip() != run.name:
            studio.rename(run.id, entered["name"], user=user)
        if list(entered["tags"]) != list(run.tags):
            studio.tag(run.id, entered["tags"], user=user)
        if entered["remark"].strip() != run.remark:
            studio.remark(run.id, entered["remark"], user=user)


def _star(run: Run) -> None:
    with guard():
        state.studio().star(run.id, not run.starred, user=me())


def _duplicate(run: Run) -> None:
    """To the form with this run's recipe in it."""
    recipe = Recipe.from_dict(run.recipe)
    load(recipe, load_dataset(home(), recipe.dataset))
    params = {"dataset": recipe.dataset, "backbone": recipe.backbone, "strategy": recipe.strategy.name}
    st.switch_page("pages/strategy.py", query_params=params)


def _comparison(run: Run, known: Sequence[Run]) -> None:
    """To the page that lays this run beside others of the same data."""
    others = [one for one in known if one.dataset == run.dataset and one.best_epoch and one.id != run.id]
    if not run.best_epoch or not others:
        return
    names = {one.id: run_title(one) for one in others}
    picked = st.multiselect(
        "Compare with…", list(names), format_func=names.__getitem__, key=f"with-{run.id}", max_selections=7
    )
    if st.button("Compare", icon=":material/compare_arrows:", key="compare-with", disabled=not picked):
        params = {"view": "runs", "dataset": run.dataset, "runs": ",".join([run.id, *picked])}
        st.switch_page("pages/compare.py", query_params=params)


def _deletion(run: Run) -> None:
    st.divider()
    sure = st.checkbox("I want it gone, with its metrics, weights and log", key=f"delete-sure-{run.id}")
    if st.button("Delete", icon=":material/delete:", key="delete", disabled=not sure):
        with guard():
            state.studio().delete(run.id, user=me())
            state.forget("run")
            st.query_params.pop("run", None)
            st.rerun()
