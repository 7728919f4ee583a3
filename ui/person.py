"""Who is at this browser: a name chosen in the page, or who signed in where the server asks for that.

A chosen name is a matter of trust among colleagues: it keeps people's runs apart, not their secrets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import streamlit as st

from ui import state
from ui.words import plain, short, visible

__all__ = ["admitted", "allowed", "keep_name", "me", "picker"]

COOKIE = "tlstudio_name"
LONGEST = 60
"""Characters of a name."""
_REMEMBER = """export default function (component) {
  const { name, value } = component.data;
  const kept = value ? "max-age=31536000" : "max-age=0";
  document.cookie = `${name}=${encodeURIComponent(value)}; path=/; SameSite=Lax; ${kept}`;
}
"""


def admitted() -> bool:
    """Whether pages may be drawn; otherwise what is to be done first is on the screen."""
    allow, asks = os.environ.get("TLSTUDIO_ALLOW", ""), "is_logged_in" in st.user
    if not asks and not allow.strip():
        return True
    with st.container(horizontal_alignment="center", key="entrance"):
        if not asks:
            st.error(
                "TLSTUDIO_ALLOW names who may come in, but no sign-in is set up, so nobody can. Set it up under "
                "`[auth]` in `.streamlit/secrets.toml`, or unset the variable.",
                icon=":material/lock:",
            )
            return False
        if not st.user.is_logged_in:
            st.markdown("#### Sign in to see this studio")
            st.button("Sign in", type="primary", icon=":material/login:", key="sign-in", on_click=st.login)
            return False
        if allowed(st.user, allow):
            return True
        st.error(
            f"{plain(_address())} is not on this studio's list of people. Ask who runs it.", icon=":material/lock:"
        )
        st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
    return False


def allowed(claims: Mapping[str, Any], allow: str) -> bool:
    """Whether somebody who signed in may come in.

    Args:
        claims: What the identity provider says of them.
        allow: Addresses, or domains for all of their addresses, with commas between. Nothing is everybody.
    """
    listed = {one.strip().lower().removeprefix("@") for one in allow.split(",") if one.strip()}
    address = str(claims.get("email") or "").strip().lower()
    if not listed:
        return True
    if not address or claims.get("email_verified") is False:
        return False
    return address in listed or address.rpartition("@")[2] in listed


def me() -> str:
    """The name that this browser's runs carry; empty for nobody in particular."""
    if st.user.get("is_logged_in"):
        return _address()[:LONGEST]
    chosen = state.chosen_name()
    if chosen is None:
        chosen = _tidy(unquote(st.context.cookies.get(COOKIE, "")))
        state.choose_name(chosen)
    return chosen


def picker() -> None:
    """A small button with the name; behind it, the field to change it, or to sign out."""
    name = me()
    shown = plain(short(name, 24)) if name else "Who are you?"
    with st.popover(shown, icon=":material/person:", type="tertiary", key="person"):
        if st.user.get("is_logged_in"):
            st.markdown(f"Signed in as **{plain(name)}**.")
            st.button("Sign out", icon=":material/logout:", key="sign-out", on_click=st.logout)
            return
        with st.form("person-form", border=False):
            asked = st.text_input("Your name", name, max_chars=LONGEST, key="person-name")
            st.caption("Your runs carry it, and only you can stop or change those. This browser remembers it.")
            if st.form_submit_button("Save", key="person-save", type="primary"):
                state.choose_name(_tidy(asked), keep=True)
                st.rerun()


def keep_name() -> None:
    """Have the browser remember a name that was just given; below the header, where it takes no room from others."""
    if state.name_to_keep():
        _cookie()(key="person-cookie", data={"name": COOKIE, "value": me()}, height="content")


def _address() -> str:
    """The e-mail address, else what the provider calls this person."""
    return visible(st.user.get("email") or st.user.get("sub") or "")


def _tidy(name: str) -> str:
    return visible(name)[:LONGEST].strip()


@cache
def _cookie() -> Any:
    return st.components.v2.component("tlstudio_person", html="<span></span>", js=_REMEMBER, isolate_styles=False)
