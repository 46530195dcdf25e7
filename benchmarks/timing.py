"""How long something takes."""

from __future__ import annotations

import time


def best(work, repeat):
    """Seconds of the quickest of ``repeat`` runs after one to warm up."""
    work()
    seconds = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return min(seconds)
