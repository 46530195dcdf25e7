"""How jobs look from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs import Job


def job_json(job: Job) -> dict[str, Any]:
    """A job as plain JSON, with links to what belongs to it."""
    here = f"/v1/jobs/{job.id}"
    links = {"self": here, **{name: f"{here}/{name}" for name in ("events", "preview", "result", "thumbnail", "cancel", "finish")}}
    return {**job.to_dict(), "links": links}
