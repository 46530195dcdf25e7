"""The download lane's work: an encoder's weights, fetched with progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..models import Catalogue, ModelStore, PullProgress
from ..paths import Paths
from ..settings import Settings
from .reporting import Report, report_download


def run_pull(model: str, settings: Settings, paths: Paths, report: Report, cancelled: Callable[[], bool]) -> dict[str, Any]:
    """Make ``model`` present. Returns what it is. Raises what :meth:`ModelStore.pull` raises."""

    def tell(progress: PullProgress) -> None:
        report_download(report, progress, fraction=progress.fraction)

    file = ModelStore(Catalogue.load(), paths, settings).pull(model, tell, cancelled)
    return {"model": model, "bytes": file.stat().st_size}
