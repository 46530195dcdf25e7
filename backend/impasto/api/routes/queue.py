"""All that waits or runs, as one thing: what is there, pausing it, ending it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ... import errors
from ..forms import no_body
from ..openapi import Answer, describe
from ..representation import job_json
from ..services import services

blueprint = Blueprint("queue", __name__, url_prefix="/v1/queue")

ERRORS = (errors.UnsupportedMediaType, errors.DiskFull)


@blueprint.get("")
@describe("What runs, and what waits in the order in which it will run.", "queue", {200: Answer("The queue.", "Queue")})
def queue() -> dict[str, Any]:
    manager = services().manager
    return {"paused": manager.paused, "jobs": [job_json(job) for job in manager.queue()]}


@blueprint.post("/pause")
@describe("Let long work rest: what runs, and what waits.", "queue", {200: Answer("The queue.", "Queue")}, errors=ERRORS)
def pause() -> dict[str, Any]:
    no_body()
    services().manager.pause(True)
    return queue()


@blueprint.post("/resume")
@describe("Let long work go on.", "queue", {200: Answer("The queue.", "Queue")}, errors=ERRORS)
def resume() -> dict[str, Any]:
    no_body()
    services().manager.pause(False)
    return queue()


@blueprint.post("/cancel")
@describe("Cancel all that waits or runs.", "queue", {200: Answer("The jobs that were cancelled.", "Jobs")}, errors=ERRORS)
def cancel() -> dict[str, Any]:
    no_body()
    return {"jobs": [job_json(job) for job in services().manager.cancel_all()]}
