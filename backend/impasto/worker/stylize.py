"""A stylization as a job: pictures from the job's folder, the result into it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk import is_own_file_of_job, read_file_of_job, write_whole
from ..methods.encoded import stylize_encoded
from ..stylization import Stylization
from ..task import CONTENT, style_file
from .control import Control
from .disk_retry import retry_while_disk_full
from .reporting import JobObserver, Report

if TYPE_CHECKING:
    from ..engine.engine import Engine


def run_stylize(
    folder: Path, stylization: Stylization, output: dict[str, Any], report: Report, control: Control, engine: Engine
) -> dict[str, Any]:
    """Paint ``folder``'s content and leave the picture there as ``result`` with its format's extension.

    The style at position i of ``stylization.style`` is read from the folder, or else from the style library. Checkpoints of an
    iterative painting are kept in the folder, and it goes on from the one that is there. ``report`` and ``control`` as in
    :class:`JobObserver`. Returns ``file``, what :class:`EncodedResult` knows, and ``refined``, the positions of the
    styles that can be kept with what the folder's :data:`REFINED` has, if any. Raises what :func:`stylize_encoded` raises.
    """
    observer = JobObserver(folder, report, control)

    def read_style(position: int) -> bytes | None:
        file = folder / style_file(position)
        return read_file_of_job(file) if is_own_file_of_job(file) else None

    def read_content() -> bytes:
        return read_file_of_job(folder / CONTENT)

    result = stylize_encoded(engine, stylization, read_content, read_style, output, observer, folder)
    control.check()
    file = folder / f"result{result.extension}"
    folder.mkdir(parents=True, exist_ok=True)  # it may have been swept away by somebody who makes room
    retry_while_disk_full(lambda: write_whole(file, result.data), report, control)
    report("device", **engine.describe())
    refined = {"refined": observer.refined_positions} if observer.refined_positions else {}
    return {"file": file.name, **result.facts, **refined}
