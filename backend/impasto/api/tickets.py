"""One-time tickets that sign a browser in, so that the token stands in no address, history or list of processes."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time

LIFETIME_S = 120
"""Time for a browser to start. A ticket that nobody has used by then is void."""

MAX_TICKETS = 16
"""Tickets that may be out at once; one more voids the oldest."""


class Tickets:
    """Those that have been given out and not yet used. Only their hashes are kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[bytes, float] = {}

    def issue(self) -> str:
        """A new ticket."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            if len(self._until) >= MAX_TICKETS:
                self._until.pop(next(iter(self._until)))
            self._until[_hash(ticket)] = time.monotonic() + LIFETIME_S
        return ticket

    def valid(self, ticket: str) -> bool:
        """Whether ``ticket`` would be taken now; it stays good for one use."""
        with self._lock:
            return self._until.get(_hash(ticket), 0.0) > time.monotonic()

    def redeem(self, ticket: str) -> bool:
        """Whether ``ticket`` is good. It is not a second time."""
        with self._lock:
            return self._until.pop(_hash(ticket), 0.0) > time.monotonic()


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "replace")).digest()
