"""A style that was refined for a job becomes one of the library's, as if it had been learnt."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..disk import read_file_of_job
from ..errors import BadStyleFile, Conflict
from ..models import Style, StyleLibrary, fast, refined_styles
from ..task import REFINED, style_file

if TYPE_CHECKING:
    from .manager import JobManager

_ONE_AT_A_TIME = threading.Lock()
"""Two requests for one job, such as one that was sent again, would keep it twice."""


def keep_refined(manager: JobManager, library: StyleLibrary, id: str, name: str) -> list[Style]:
    """Keep what job ``id`` has refined, once. ``name``: of the styles that are new.

    Raises as :meth:`JobManager.refined` does, :class:`Conflict` where it has gone, and what :func:`.refined_styles.keep` raises.
    """
    with _ONE_AT_A_TIME:
        job, folder = manager.refined(id)
        file, asked = folder / REFINED, job.parameters["style"]
        try:
            header, arrays = fast.read(file)
            kept = refined_styles.keep(library, header, arrays, asked, name, lambda at: read_file_of_job(folder / style_file(at)))
        except (BadStyleFile, FileNotFoundError):
            raise Conflict("What this painting's style was painted with is no longer there.", hint="Paint it again.") from None
        file.unlink(missing_ok=True)
        manager.kept(id, [style.id for style in kept])
    return kept
