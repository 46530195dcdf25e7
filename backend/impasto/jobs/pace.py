"""How quickly each method has painted on this machine lately, so that the next painting's time can be told before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from ..methods import METHODS, method_named
from ..models import FastLibrary
from ..stylization import Stylization
from .store import JobStore

FACT = "pace"
"""The fact under which it is kept: method -> the latest seconds per work, the newest last."""

REMEMBERED = 5
"""Paintings of each method that count; their median is not moved by one that had to load its network or ran on a busy machine."""


def remember(store: JobStore, library: FastLibrary, parameters: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    """Learn from a painting that was done to its end; any other result says nothing, nor does one whose refining was known from
    before."""
    name, seconds = result.get("method"), result.get("painted_s")
    if name not in METHODS or not seconds or not result.get("steps") or result.get("finished_early"):
        return
    size = int(result["painted_height"]), int(result["painted_width"])
    stylization = Stylization.converted(parameters)
    if result["steps"] <= len(result.get("refined", ())) * stylization.refine:
        return
    work = method_named(name).work(size, stylization, library)
    rates = dict(store.fact(FACT) or {})
    rates[name] = [*rates.get(name, []), seconds / work][-REMEMBERED:]
    store.remember(FACT, rates)


def known(store: JobStore) -> dict[str, float]:
    """Seconds per work of each method that has painted."""
    return {name: median(rates) for name, rates in (store.fact(FACT) or {}).items() if rates}
