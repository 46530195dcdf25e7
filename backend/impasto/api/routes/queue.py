"""All that waits or runs, as one thing: what is there, and ending it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ... import errors
from ..forms import no_body
from ..openapi import Answer, describe
from ..representation import job_json
from ..services import services

blueprint = Blueprint("queue", __name__, url_prefix="/v1/queue")


@blueprint.get("")
@describe("What runs, and what waits in the order in which it will run.", "queue", {200: Answer("The queue.", "Queue")})
def queue() -> dict[str, Any]:
    return {"jobs": [job_json(job) for job in services().manager.queue()]}


@blueprint.post("/cancel")
@describe(
    "Cancel all that waits or runs.",
    "queue",
    {200: Answer("The jobs that were cancelled.", "Jobs")},
    errors=(errors.UnsupportedMediaType, errors.DiskFull),
)
def cancel() -> dict[str, Any]:
    no_body()
    return {"jobs": [job_json(job) for job in services().manager.cancel_all()]}
