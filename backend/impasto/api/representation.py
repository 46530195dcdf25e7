"""How jobs and styles look from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs import Job
    from ..models import Style


def job_json(job: Job) -> dict[str, Any]:
    """A job as plain JSON, with links to what belongs to it."""
    here = f"/v1/jobs/{job.id}"
    links = {
        "self": here,
        **{name: f"{here}/{name}" for name in ("events", "preview", "result", "thumbnail", "cancel", "finish", "move", "keep")},
    }
    return {**job.to_dict(), "links": links}


def style_json(style: Style) -> dict[str, Any]:
    """A style as plain JSON, with links to its pictures."""
    here = f"/v1/styles/{style.id}"
    return {**style.to_dict(), "links": {"self": here, "thumbnail": f"{here}/thumbnail", "picture": f"{here}/picture"}}
