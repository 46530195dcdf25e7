"""The ways to paint. Each is a type that answers for itself what it can do, what it needs, and how it begins.

A new method is one module with a class that has what :class:`.base.Method` asks for, one line in :data:`METHODS`, and the label of
its choice in ``stylization.py``. Nothing here imports torch before a painting begins: the daemon asks these questions, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .base import Method

AUTO = "auto"

METHODS = {
    "fast": "impasto.methods.fast:Fast",
    "iterative": "impasto.methods.iterative:Iterative",
}
"""Name -> where its class is. ``auto`` takes the first that can do what is asked for."""


def method_named(name: str) -> Method:
    """The method called ``name``. Raises ``KeyError`` for one that :data:`METHODS` has not."""
    module, _, kind = METHODS[name].partition(":")
    return getattr(import_module(module), kind)()
