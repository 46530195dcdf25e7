"""A training as a job: paintings from the job's folder, styles into the library."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk import read_file_of_job
from ..task import painting_file
from ..training import Training
from .control import Control
from .disk_retry import retry_while_disk_full
from .reporting import JobObserver, Report

if TYPE_CHECKING:
    from ..engine.engine import Engine


def run_train(
    folder: Path, training: Training, titles: Sequence[str], report: Report, control: Control, engine: Engine, run: str = ""
) -> dict[str, Any]:
    """Learn the paintings in ``folder`` under ``titles``. Answers and raises what :func:`impasto.learning.learner.learn` does."""
    from ..learning.learner import learn

    paintings = [read_file_of_job(folder / painting_file(number)) for number in range(len(titles))]
    observer = JobObserver(folder, report, control)
    return learn(
        engine,
        paintings,
        titles,
        training,
        observer,
        folder,
        run=run,
        save=lambda write: retry_while_disk_full(write, report, control),
    )
