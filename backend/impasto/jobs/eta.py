"""How long it will take: of the running job from its own pace, of waiting jobs from what such jobs took before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

MEANINGFUL_S = 2.0
MEANINGFUL_SHARE = 0.01
"""Before so much time has passed and so much is done, an estimate would only be noise."""

SMOOTHING = 0.2
"""Weight of the newest guess at the moment of the end."""


class Estimate:
    """When a running job will end, from its cost-weighted fraction since painting began."""

    def __init__(self) -> None:
        self._began: tuple[float, float] | None = None
        self._last = 0.0
        self._ends: float | None = None

    def update(self, now: float, fraction: float) -> float | None:
        """The moment (same clock as ``now``) at which ``fraction`` will be 1, or None where it is too early to tell."""
        back, self._last = fraction < self._last, fraction
        if self._began is None or back:  # back: begun anew, such as a download from another place
            self._began, self._ends = (now, fraction), None
            return None
        passed, done = now - self._began[0], fraction - self._began[1]
        if passed < MEANINGFUL_S or done < MEANINGFUL_SHARE:
            return None
        guess = now + passed * (1 - fraction) / done
        self._ends = guess if self._ends is None else self._ends + SMOOTHING * (guess - self._ends)
        return max(self._ends, now)


def queue_etas(
    running: float | None, busy: bool, queued: Iterable[tuple[str, str]], typical: Mapping[str, float]
) -> dict[str, tuple[int, float | None]]:
    """Position and seconds until done for every waiting job of a lane.

    ``running``: seconds that the running job still takes (None: unknown), ``busy``: whether there is one; ``queued``:
    (id, kind) in order; ``typical``: kind -> seconds. An unknown anywhere before a job makes its etas unknown.
    """
    etas: dict[str, tuple[int, float | None]] = {}
    wait = running if busy else 0.0
    for position, (job, kind) in enumerate(queued, 1):
        wait = None if wait is None or kind not in typical else wait + typical[kind]
        etas[job] = position, wait
    return etas
