"""Tells a worker that hangs from one that takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

CHECK_S = 2.0
"""How often it is looked whether a silent worker computes, at most."""

COMPUTES = 0.02
"""Share of a processor from which on a worker counts as computing; threads that only wait for each other take less."""

PATIENCE = 20
"""So many times longer than one that does nothing, a worker may compute without a word: a driver that waits for a device that has
stopped looks just as busy as one step of a very large picture."""

ASLEEP = 5
"""After so many times :data:`CHECK_S` without a look it was not the worker that was away, but this process or the whole machine."""


class Watchdog:
    """Over one run of one worker. Times are seconds of the monotonic clock."""

    def __init__(self, silence_s: float, cpu_seconds: Callable[[], float]) -> None:
        """``silence_s``: how long a worker may give no sign of life; ``cpu_seconds``: processor seconds it has taken so far."""
        self._silence_s, self._computed = silence_s, cpu_seconds
        self.check_s = min(CHECK_S, silence_s / 5)
        self._said = self._active = self._looked = self._taken = 0.0
        self._begin()

    def heard(self) -> None:
        """The worker has said something."""
        self._said = time.monotonic()

    def hung(self) -> bool:
        """Whether it is taken for hung: silent and idle for too long, or silent for far too long. Ask every :attr:`check_s`."""
        now = time.monotonic()
        passed = now - self._looked
        if passed > ASLEEP * self.check_s:
            self._begin()
            return False
        if passed < self.check_s / 2:
            return False
        taken = self._computed()
        if taken - self._taken > COMPUTES * passed:
            self._active = now
        self._looked, self._taken = now, taken
        idle, silent = now - max(self._said, self._active), now - self._said
        return idle > self._silence_s or silent > PATIENCE * self._silence_s

    def _begin(self) -> None:
        self._said = self._active = self._looked = time.monotonic()
        self._taken = self._computed()
