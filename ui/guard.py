"""The one place where an unexpected error meets a user: one sentence there, the traceback in the server's log."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from tlcore.errors import TlcoreError
from ui.words import plain

__all__ = ["guard", "say"]

_log = logging.getLogger("tlstudio")


def say(error: TlcoreError) -> None:
    """Show what a user can act on."""
    st.error(plain(error), icon=":material/error:")


@contextmanager
def guard() -> Iterator[None]:
    """Run a page, a fragment or a callback; nothing but Streamlit's own control flow leaves it."""
    try:
        yield
    except TlcoreError as error:
        say(error)
    except Exception:
        mark = secrets.token_hex(3)
        _log.exception("unexpected error %s", mark)
        st.error(
            f"Something went wrong here that should not have. Reload the page; if it happens again, "
            f"the server's log has the details under **{mark}**.",
            icon=":material/error:",
        )
