"""The download lane's work: an encoder's weights, fetched with progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..models import Catalogue, ModelStore, PullProgress
from ..paths import Paths
from ..settings import Settings

Report = Callable[..., None]

PHASES = {
    "waiting": "waiting for another download",
    "downloading": "fetching weights",
    "converting": "converting weights",
    "done": "saving",
}
"""What a pull is doing -> what its job says."""


def run_pull(model: str, settings: Settings, paths: Paths, report: Report, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Make ``model`` present. Answers what it is. Raises what :meth:`ModelStore.pull` raises."""
    store = ModelStore(Catalogue.load(), paths, settings)
    file = store.pull(model, downloading(report, whole_job=True), cancelled)
    return {"model": model, "bytes": file.stat().st_size}


def downloading(report: Report, *, whole_job: bool = False) -> Callable[[PullProgress], None]:
    """Tells a download as progress of the job that needs it, or that is nothing else (``whole_job``)."""

    def tell(progress: PullProgress) -> None:
        fraction = {"fraction": progress.fraction} if whole_job else {}
        report(
            "progress" if progress.phase == "downloading" else "phase",
            phase=PHASES[progress.phase],
            done_bytes=progress.done,
            total_bytes=progress.total,
            **fraction,
        )

    return tell
