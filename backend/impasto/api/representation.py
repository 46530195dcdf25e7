"""How jobs look from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..jobs import Job

ENDED = ("done", "failed", "cancelled")


def job_json(job: Job) -> dict[str, Any]:
    """A job as plain JSON, with links to what belongs to it."""
    here = f"/v1/jobs/{job.id}"
    links = {"self": here, "events": f"{here}/events", "preview": f"{here}/preview", "result": f"{here}/result",
             "cancel": f"{here}/cancel", "finish": f"{here}/finish"}
    return {**job.to_dict(), "links": links}
