"""A style that was refined for a job becomes one of the library's, as if it had been learnt."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..disk import read_file_of_job
from ..errors import BadStyleFile, Conflict
from ..models import Style, StyleLibrary, fast, refined_styles
from ..task import REFINED, style_file


def keep_refined(library: StyleLibrary, folder: Path, asked: Sequence[str], name: str) -> list[Style]:
    """Keep what a job's ``folder`` has, once. ``asked``: the job's styles; ``name``: of those that are new.

    Raises :class:`Conflict` where it has gone, and what :func:`.refined_styles.keep` raises.
    """
    file = folder / REFINED
    try:
        header, arrays = fast.read(file)
        kept = refined_styles.keep(library, header, arrays, asked, name, lambda at: read_file_of_job(folder / style_file(at)))
    except (BadStyleFile, FileNotFoundError):
        raise Conflict("What this painting's style was painted with is no longer there.", hint="Paint it again.") from None
    file.unlink(missing_ok=True)
    return kept
