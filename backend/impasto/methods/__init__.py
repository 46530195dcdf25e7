"""The ways to paint. Each is a type that answers for itself what it can do, what it needs, and how it begins.

A new method is one module with a class that has what :class:`.base.Method` asks for, and one line in :data:`METHODS`. Nothing here
imports torch before a painting begins: the daemon asks these questions, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .base import Method

AUTO = "auto"


class Entry(NamedTuple):
    """Where a method's class is, and what interfaces call it."""

    where: str
    label: str


METHODS = {
    "fast": Entry("impasto.methods.fast:Fast", "Fast, in one pass"),
    "iterative": Entry("impasto.methods.iterative:Iterative", "Iterative, nearer to the painting"),
}
"""By name. ``auto`` takes the first that can do what is asked for."""


def method_named(name: str) -> Method:
    """The method called ``name``. Raises ``KeyError`` for one that :data:`METHODS` has not."""
    module, _, kind = METHODS[name].where.partition(":")
    return getattr(import_module(module), kind)()
