"""Typed access to the session and to what is cached for it. No other file names a session key, but
`ui/address.py`, `ui/model_state.py` and `ui/data/state.py`.

What a page shows is in the URL; the session only remembers the last choice for when a page is opened without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import streamlit as st

from tlcore.home import home
from ui.address import fill
from ui.words import plain

if TYPE_CHECKING:
    from tlcore.data import Dataset
    from tlcore.errors import TlcoreError
    from tlcore.runs import Studio
    from tlcore.strategies import Phase
    from ui.history import History

__all__ = [
    "asked",
    "asked_anew",
    "choose",
    "choose_name",
    "chosen_name",
    "dataset",
    "ended",
    "entered",
    "forget",
    "given_phases",
    "history",
    "keep_shown",
    "last_shown",
    "let_go",
    "linked",
    "name_to_keep",
    "narrow",
    "pick",
    "put",
    "refusal",
    "refuse",
    "remember",
    "remembered",
    "segment",
    "studio",
    "uploader_key",
    "write",
    "zoom",
]


Value = TypeVar("Value", bool, int, float, str, list[str])


def studio() -> Studio:
    """The runs of this home, one object for all sessions."""
    return _studio(str(home()))


@st.cache_resource(show_spinner=False, max_entries=4)
def _studio(folder: str) -> Studio:
    from tlcore.runs import Studio

    return Studio(Path(folder), keeps=True)


def dataset(dataset_id: str) -> Dataset:
    """A stored dataset with what it has read of itself, one object for all sessions.

    Its samples never change, but its record does when they are added again: name, source, problems.

    Raises:
        DataError: there is none of that id.
    """
    from tlcore.data import load_dataset

    now = load_dataset(home(), dataset_id)
    return _dataset(repr(now), now)


@st.cache_resource(show_spinner=False, max_entries=16)
def _dataset(record: str, _now: Dataset) -> Dataset:
    return _now


def remember(kind: str, chosen: str) -> None:
    """Make `chosen` the `kind` ("dataset", "run") that pages open with."""
    st.session_state[f"last {kind}"] = chosen


def forget(kind: str) -> None:
    """Open pages without a `kind` from now on, or with the first there is."""
    st.session_state.pop(f"last {kind}", None)


def remembered(kind: str) -> str | None:
    """What `remember` was told last."""
    last: str | None = st.session_state.get(f"last {kind}")
    return last


def pick(kind: str, options: Sequence[str], name: Callable[[str], str], *, label: str, icon: str | None = None) -> str:
    """A select box over ids whose choice lives in the URL as `?kind=id`; without one, the last choice or the first.

    `name` gives the text of an id; Streamlit shows it as it is, without markdown.
    """
    asked, last, key = st.query_params.get(kind), st.session_state.get(f"last {kind}"), f"pick-{kind}"
    current = next((value for value in (asked, last) if value in options), options[0])
    if asked is not None and asked not in options:
        st.warning(f"There is no {kind} {plain(asked)} here. Showing another.", icon=":material/search_off:")
    st.session_state[key] = current
    remember(kind, current)
    if asked != current:
        fill(kind, current)

    def follow() -> None:
        st.query_params[kind] = st.session_state[key]

    return st.selectbox(label, options, format_func=name, key=key, on_change=follow, icon=icon)


def segment(
    kind: str,
    options: Sequence[str],
    name: Callable[[str], str],
    *,
    label: str,
    help_text: str = "",
    of: str = "",
) -> str:
    """Like `pick`, as a row of buttons; pages that share a `kind` keep the last choice apart by `of`."""
    asked, key = st.query_params.get(kind), f"segment-{kind}"
    current = next((value for value in (asked, remembered(of + kind)) if value in options), options[0])
    st.session_state[key] = current
    remember(of + kind, current)
    if asked != current:
        fill(kind, current)

    def follow() -> None:
        st.query_params[kind] = st.session_state[key] or current

    chosen = st.segmented_control(
        label, options, format_func=name, key=key, on_change=follow, help=help_text or None, required=True
    )
    return chosen or current


def linked(key: str, default: Value, fits: Callable[[Value], bool] = lambda value: True) -> dict[str, Any]:
    """What makes a widget live in the URL as `?key=value`, left out at the default: its key, and what follows it.

    What the URL says, if it can be read and `fits`, is put into the widget before it is drawn.
    """
    st.session_state[key] = asked(key, default, fits)

    def follow() -> None:
        now = st.session_state[key]
        if now == default:
            st.query_params.pop(key, None)
        elif now is not None:
            st.query_params[key] = ",".join(now) if isinstance(now, list) else str(now)

    return {"key": key, "on_change": follow}


def narrow(key: str, values: Sequence[str]) -> None:
    """Leave these of a `linked` widget's values in the URL, before it is drawn; without any, its default."""
    if values:
        st.query_params[key] = ",".join(values)
    else:
        st.query_params.pop(key, None)


def asked(key: str, default: Value, fits: Callable[[Value], bool] = lambda value: True) -> Value:
    """What the URL says of a `linked` widget, drawn or not."""
    text = st.query_params.get(key)
    value = default if text is None else _read(text, default)
    return value if fits(value) else default


def _read(text: str, default: Value) -> Value:
    """A value of the default's type, or the default."""
    if isinstance(default, bool):
        return cast(Value, text.lower() == "true")
    if isinstance(default, list):
        return cast(Value, [part for part in text.split(",") if part])
    try:
        return cast(Value, type(default)(text))
    except ValueError:
        return default


def put(widgets: Mapping[str, object], *, phases: Sequence[Phase] = ()) -> None:
    """Give widgets their values before they are drawn, and the form its phases of one's own."""
    write(widgets)
    st.session_state["own-phases"] = bool(phases)
    st.session_state["given phases"] = tuple(phases)


def write(widgets: Mapping[str, object]) -> None:
    """Give widgets of any page their values before they are drawn."""
    for key, value in widgets.items():
        st.session_state[key] = value


def keep_shown(kind: str, about: Mapping[str, Any]) -> None:
    """Remember the question of this kind whose answer was shown last."""
    st.session_state[f"shown {kind}"] = dict(about)


def last_shown(kind: str) -> Mapping[str, Any] | None:
    """The question of this kind whose answer was shown last."""
    return st.session_state.get(f"shown {kind}")


def asked_anew(kind: str, about: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Remember what is asked now; returns what was asked before, if that was something else."""
    before = st.session_state.get(f"asked {kind}")
    st.session_state[f"asked {kind}"] = dict(about)
    return before if before != dict(about) else None


def given_phases() -> tuple[Phase, ...]:
    """The phases that a loaded recipe brought, from which the form's table starts."""
    return st.session_state.get("given phases", ())


def choose(kind: str, chosen: str) -> None:
    """Make `chosen` what the select box of `kind` shows, also in the URL."""
    remember(kind, chosen)
    st.query_params[kind] = chosen


def uploader_key() -> str:
    """Changes with every file taken, so that the widget lets go of its bytes."""
    return f"uploader-{st.session_state.get('uploads', 0)}"


def let_go() -> None:
    """Draw the upload box anew, without what it holds."""
    st.session_state["uploads"] = st.session_state.get("uploads", 0) + 1


def refuse(error: TlcoreError) -> None:
    """Keep why a file was not taken, for when the page is drawn."""
    st.session_state["refused"] = error


def refusal() -> TlcoreError | None:
    """Why the last file was not taken; said once."""
    error: TlcoreError | None = st.session_state.pop("refused", None)
    return error


def chosen_name() -> str | None:
    """What this session is called; None before anybody was asked, empty for nobody in particular."""
    name: str | None = st.session_state.get("person")
    return name


def choose_name(name: str, *, keep: bool = False) -> None:
    """Call this session so; with `keep` the browser is to remember it."""
    st.session_state["person"] = name
    st.session_state["keep person"] = keep or st.session_state.get("keep person", False)


def name_to_keep() -> bool:
    """The browser is to be told the name."""
    return bool(st.session_state.get("keep person", False))


def entered(key: str) -> Any:
    """What a field holds, for what is done before the page is drawn again."""
    return st.session_state[key]


def ended(live: Iterable[str], kind: str = "runs") -> tuple[str, ...]:
    """Runs that this session knew as live and that are no more, each said once; `live` are those that are now."""
    now = set(live)
    before = st.session_state.get(f"live {kind}", set())
    st.session_state[f"live {kind}"] = now
    return tuple(sorted(before - now))


def history(run_id: str) -> History:
    """The metrics held of a run, one object for all sessions. Hold its lock."""
    return _history(str(home()), run_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _history(folder: str, run_id: str) -> History:
    from ui.history import History

    return History(run=run_id)


def zoom(chart: str) -> tuple[float, float] | None:
    """The steps, from and to, that this session looks at on a chart; None for all."""
    shown = st.session_state.get(chart, {}).get("shown")
    return (float(shown[0]), float(shown[1])) if shown else None
