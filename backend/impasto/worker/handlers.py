"""What a worker does for each kind of job. Torch comes with the first painting, so the download lane never pays for it."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ..paths import Paths
from ..settings import Settings
from ..stylization import Stylization
from ..task import Task
from ..training import Training
from .control import Control
from .loop import WARM_UP, Handler, Report

if TYPE_CHECKING:
    from ..engine.engine import Engine


def table(settings: Settings, paths: Paths, gpu_memory_bytes: int = 0) -> dict[str, Handler]:
    """Kind of job -> its handler. ``gpu_memory_bytes``: as for :class:`Engine`."""
    engines: list[Engine] = []

    def engine() -> Engine:
        if not engines:
            from ..engine.engine import Engine

            engines.append(Engine(settings, paths, gpu_memory_bytes))
        return engines[0]

    def stylize(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .stylize import run_stylize

        report("phase", phase="preparing")
        stylization = Stylization.parse(task.parameters)
        return run_stylize(task.folder, stylization, task.output, report, control, engine())

    def pull(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .pull import run_pull

        return run_pull(task.parameters["model"], settings, paths, report, lambda: control.cancelled)

    def train(task: Task, report: Report, control: Control) -> dict[str, Any]:
        from .train import run_train

        values = dict(task.parameters)
        titles = values.pop("name")
        return run_train(task.folder, Training.converted(values), titles, report, control, engine(), task.id)

    def warm_up(task: Task, report: Report, control: Control) -> None:
        for module in ("worker.stylize", "engine.predicted_session"):  # and torch with them, which takes seconds to read
            importlib.import_module(f"impasto.{module}")

    return {"stylize": stylize, "pull": pull, "train": train, WARM_UP: warm_up}
