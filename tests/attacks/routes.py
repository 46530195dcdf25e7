"""Every route of the API, as its own description names them, for tests that go over all."""

from __future__ import annotations

import re

from impasto.api.app import create_app
from impasto.api.openapi import operations
from impasto.paths import Paths
from impasto.settings import Settings

PUBLIC = {("GET", "/health"), ("HEAD", "/health")}
ID = "0123456789abcdef"


def without_parts():
    """The app with nothing behind it, which knows its routes all the same."""
    settings = Settings(port=1)
    return create_app(settings, Paths.of(settings), None, None, None, "token", "instance")


ROUTES = [(method.upper(), path) for path, method in sorted(operations(without_parts()))]
"""(method, path) with {id} and {name} in the paths."""

PATHS = sorted({path for _, path in ROUTES})
WITH_ID = [(method, path) for method, path in ROUTES if "{" in path]
CHANGING = [(method, path) for method, path in ROUTES if method not in ("GET", "HEAD")]


def filled(path: str, value: str = ID) -> str:
    """``path`` with ``value`` in the place of its variable."""
    return re.sub(r"\{\w+\}", lambda _: value, path)
