"""What a worker does for each kind of job. Torch comes with the first painting, so the download lane never pays for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..paths import Paths
from ..settings import Settings
from ..stylization import Stylization
from ..task import Task
from ..training import Training
from .control import Control
from .loop import Handler, Report

if TYPE_CHECKING:
    from .easel import Easel


def table(settings: Settings, paths: Paths) -> dict[str, Handler]:
    """Kind of job -> its handler."""
    easels: list[Easel] = []

    def easel() -> Easel:
        if not easels:
            from .easel import Easel

            easels.append(Easel(settings, paths))
        return easels[0]

    def stylize(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .stylize import run_stylize

        report("phase", phase="preparing")
        stylization = Stylization.parse(task.parameters)
        return run_stylize(task.folder, stylization, task.output, settings, report, control, easel(), resumable=True)

    def pull(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .pull import run_pull

        return run_pull(task.parameters["model"], settings, paths, report, lambda: control.cancelled)

    def train(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .train import run_train

        values = dict(task.parameters)
        titles = values.pop("name")
        return run_train(task.folder, Training.converted(values), titles, settings, report, control, easel(), run=task.id)

    return {"stylize": stylize, "pull": pull, "train": train}
