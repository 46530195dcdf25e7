"""Browsers that have signed in. Each has a cookie of its own, so that signing out ends it, whoever has a copy."""

from __future__ import annotations

import hashlib
import secrets
import threading

MAX_SESSIONS = 64
"""Browsers that may be signed in at once; one more signs the first out."""


class Sessions:
    """The cookies that are good, until they are revoked or the daemon ends. Only their hashes are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._good: dict[bytes, None] = {}

    def begin(self) -> str:
        """A new cookie."""
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._good) >= MAX_SESSIONS:
                self._good.pop(next(iter(self._good)))
            self._good[_hash(cookie)] = None
        return cookie

    def valid(self, cookie: str) -> bool:
        """Whether ``cookie`` is good."""
        with self._lock:
            return _hash(cookie) in self._good

    def revoke(self, cookie: str) -> None:
        """It is good for nothing from now on."""
        with self._lock:
            self._good.pop(_hash(cookie), None)


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
