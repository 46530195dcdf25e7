"""The one-call form for curl: send a picture, wait, get a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Blueprint, Response, request

from ... import errors
from ...jobs.job import ENDED
from .. import pictures, uploads
from ..forms import read_stylization
from ..openapi import Answer, describe
from ..services import Services, services
from ..wait_slots import TICK_S, client_left
from .jobs import KEY, SUBMIT_ERRORS

if TYPE_CHECKING:
    from ...jobs import Job

blueprint = Blueprint("stylize", __name__)


@blueprint.post("/v1/stylize")
@describe(
    "Stylize and wait for the picture. A client that hangs up cancels its job, unless it sent an Idempotency-Key to come "
    "back with.",
    "jobs",
    {200: Answer("The picture.", media="image/*", headers=("X-Job-Id",))},
    form="StylizeForm",
    headers=(KEY,),
    errors=(
        *SUBMIT_ERRORS,
        errors.NotAcceptable,
        errors.Gone,
        errors.WeightsUnavailable,
        errors.DeviceUnavailable,
        errors.OutOfMemory,
        errors.WorkerDied,
        errors.WorkerHung,
        errors.NumericalFailure,
    ),
)
def stylize() -> Response:
    app = services()
    with app.wait_slots.place():
        with uploads.turn():
            submission = read_stylization(answers_picture=True)
            keep = bool(submission.idempotency_key)
            job = app.manager.submit(replace(submission, lasting=keep))  # without a key nobody could ask for it after a pulled plug
            del submission  # it has the pictures
        job = ended(app, job, keep=keep)
    if job.state == "failed":
        raise errors.ImpastoError.from_dict(job.error or {})
    path, media_type = app.manager.result(job.id)
    with pictures.present():
        response = pictures.send_result(path, media_type, request, app.settings, f"impasto-{job.id}")
    response.headers["X-Job-Id"] = job.id
    app.manager.fetched(job.id)
    return response


def ended(app: Services, job: Job, *, keep: bool) -> Job:
    """The job when it has ended. Where the client leaves first, the job is cancelled unless ``keep``."""
    left = client_left()
    while job.state not in ENDED:
        job = app.manager.wait(job.id, job.version, TICK_S)
        if left() and job.state not in ENDED and not keep:
            app.manager.cancel(job.id)
            raise errors.Cancelled("The client left, so its job was cancelled.")
        if app.stopping.is_set() and job.state not in ENDED:
            raise errors.Busy(
                "The daemon is stopping; the job goes on when it starts again.", hint=f"Ask for /v1/jobs/{job.id} then."
            )
    return job
