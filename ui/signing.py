"""Signs for addresses beside the pages, which a page's rules about who may come in do not reach: only a page signs."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path

from tlcore.home import home

__all__ = ["sign", "signed"]

KEY_BYTES = 32


def sign(*parts: str) -> str:
    """The sign of these words in this order, as 64 hexadecimal digits. The first says what kind of address it is."""
    return hmac.new(_key(home() / "exports" / "key"), json.dumps(parts).encode(), hashlib.sha256).hexdigest()


def signed(given: str, *parts: str) -> bool:
    """Whether `given` is their sign; takes the same time for every wrong one."""
    return hmac.compare_digest(given.encode(), sign(*parts).encode())


@lru_cache(4)
def _key(path: Path) -> bytes:
    """This home's secret, made once; read once too, for every tab asks with a sign each second."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{os.getpid()}-{secrets.token_hex(4)}")
        draft.write_bytes(secrets.token_bytes(KEY_BYTES))
        draft.chmod(0o600)
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
