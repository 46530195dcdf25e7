"""Jobs: submit, watch, fetch, stop. Following one job as it happens is in `events`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from ... import errors
from ...jobs.job import ENDED, JOB_ID, STATES, Job
from ...jobs.keeping import keep_refined
from .. import forms, pictures, uploads
from ..events import event_stream, last_event_id
from ..forms import no_body, read_kept_name, read_stylization
from ..openapi import Answer, Query, describe
from ..query import number, truth
from ..representation import job_json, style_json
from ..services import services
from ..wait_slots import TICK_S, client_left

blueprint = Blueprint("jobs", __name__, url_prefix="/v1/jobs")

DEFAULT_LIST, MAX_LIST = 50, 500
MAX_POSITION = 1_000_000
DEFAULT_WAIT_S, MAX_WAIT_S = 25.0, 60.0

SUBMIT_ERRORS = (
    errors.MalformedRequest,
    errors.InvalidParameter,
    errors.UnknownParameter,
    errors.StyleMissing,
    errors.UnknownStyle,
    errors.BadPicture,
    errors.UnsupportedPicture,
    errors.PictureTooLarge,
    errors.PictureTooSmall,
    errors.RequestTooLarge,
    errors.UnsupportedMediaType,
    errors.Conflict,
    errors.OutOfMemory,
    errors.QueueFull,
    errors.Busy,
    errors.DiskFull,
    errors.QuotaExceeded,
)
KEY = Query("Idempotency-Key", "The same key twice is one job.", {"type": "string", "maxLength": forms.MAX_KEY_LENGTH})

LEASE = Query(
    "Impasto-Lease",
    "Give the job up when nobody asks about it for so many seconds.",
    {"type": "number", "minimum": forms.MIN_LEASE_S, "maximum": forms.MAX_LEASE_S},
)


def job_id(text: str) -> str:
    """``text`` where it can be a job's id; raises :class:`UnknownJob` before anything is looked up otherwise."""
    if not JOB_ID.fullmatch(text):
        raise errors.UnknownJob(f"There is no job {errors.quoted(text)}.")
    return text


@blueprint.post("")
@describe(
    "Queue a stylization.",
    "jobs",
    {202: Answer("The job.", "Job", headers=("Location",))},
    form="StylizeForm",
    errors=SUBMIT_ERRORS,
    headers=(KEY, LEASE),
)
def submit() -> tuple[Response, int, dict[str, str]]:
    app = services()
    with app.wait_slots.place(), uploads.turn():
        seconds = forms.lease(request)
        submission = read_stylization(answers_picture=False)
        job = app.manager.submit(replace(submission, lease_s=seconds))
    return jsonify(job_json(job)), 202, {"Location": f"/v1/jobs/{job.id}"}


@blueprint.get("")
@describe(
    "The newest jobs.",
    "jobs",
    {200: Answer("Newest first.", "Jobs")},
    errors=(errors.InvalidParameter, errors.UnknownParameter),
    query=(
        Query("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": MAX_LIST, "default": DEFAULT_LIST}),
        Query("state", "Only those in this state.", {"type": "string", "enum": list(STATES)}),
    ),
)
def jobs() -> dict[str, Any]:
    state = request.args.get("state")
    if state is not None and state not in STATES:
        raise errors.InvalidParameter(f"state is {errors.quoted(state)}, but must be one of {', '.join(STATES)}.", field="state")
    limit = int(number("limit", DEFAULT_LIST, 1, MAX_LIST, whole=True))
    return {"jobs": [job_json(job) for job in services().manager.jobs(limit=limit, state=state)]}


@blueprint.get("/<id>")
@describe(
    "One job; with since, waits until it has changed.",
    "jobs",
    {200: Answer("The job.", "Job")},
    errors=(errors.UnknownJob, errors.InvalidParameter, errors.UnknownParameter, errors.Busy),
    query=(
        Query("since", "A version; the answer comes when the job's is greater.", {"type": "integer", "minimum": 0}),
        Query(
            "timeout",
            "Seconds to wait at most.",
            {"type": "number", "minimum": 0, "maximum": MAX_WAIT_S, "default": DEFAULT_WAIT_S},
        ),
    ),
)
def job(id: str) -> dict[str, Any]:
    manager = services().manager
    found = manager.get(job_id(id))
    since = int(number("since", -1, 0, 2**53, whole=True)) if "since" in request.args else -1
    seconds = number("timeout", DEFAULT_WAIT_S, 0, MAX_WAIT_S)
    if found.version > since or found.state in ENDED:
        return job_json(found)
    return job_json(wait_for_change(found.id, since, seconds))


def wait_for_change(id: str, since: int, seconds: float) -> Job:
    """The job as soon as its version is greater than ``since``, or as it is after ``seconds``."""
    app, left = services(), client_left()
    with app.wait_slots.place():
        while True:
            pause = min(TICK_S, seconds)
            found = app.manager.wait(id, since, pause)
            seconds -= pause
            if found.version > since or found.state in ENDED or seconds <= 0 or left() or app.stopping.is_set():
                return found


@blueprint.get("/<id>/events")
@describe(
    "One job as it happens: progress, preview, then done, failed or cancelled.",
    "jobs",
    {200: Answer("Server-sent events.", media="text/event-stream"), 204: Answer("All has been seen (Last-Event-ID).")},
    errors=(errors.UnknownJob, errors.Busy),
    headers=(Query("Last-Event-ID", "Go on after this event.", {"type": "string"}),),
)
def events(id: str) -> Response:
    app = services()
    found, seen = app.manager.get(job_id(id)), last_event_id(request)
    if found.state in ENDED and seen >= found.version:
        return Response(status=204)  # tells EventSource not to come back
    headers = {"X-Accel-Buffering": "no"}
    if request.method == "HEAD":
        return Response(mimetype="text/event-stream", headers=headers)
    place = app.wait_slots.enter()
    response = Response(
        event_stream(app.manager, found, seen, stop=app.stopping.is_set, left=client_left()),
        mimetype="text/event-stream",
        headers=headers,
    )
    response.call_on_close(place.leave)
    return response


@blueprint.get("/<id>/preview")
@describe(
    "The latest preview of a running job.",
    "jobs",
    {200: Answer("A PNG.", media="image/png")},
    errors=(errors.UnknownJob, errors.NotReady, errors.Gone),
)
def preview(id: str) -> Response:
    file = services().manager.preview(job_id(id))
    with pictures.present():
        return Response(file.read_bytes(), mimetype="image/png")  # read at once: Windows replaces no file that is being read


@blueprint.get("/<id>/result")
@describe(
    "The picture, in the format asked for with the job, or in one that Accept names.",
    "jobs",
    {200: Answer("The picture.", media="image/*")},
    errors=(
        errors.UnknownJob,
        errors.NotReady,
        errors.Gone,
        errors.NotAcceptable,
        errors.InvalidParameter,
        errors.UnknownParameter,
    ),
    query=(Query("strip", "Without metadata: EXIF, XMP, resolution, recipe.", {"type": "boolean", "default": False}),),
)
def result(id: str) -> Response:
    app = services()
    path, media_type = app.manager.result(job_id(id))
    with pictures.present():
        response = pictures.send_result(path, media_type, request, app.settings, f"impasto-{id}", strip=truth("strip"))
    if request.method == "GET":
        app.manager.fetched(id)
    return response


@blueprint.get("/<id>/thumbnail")
@describe(
    "The result, or else the latest preview, at most 256 px a side.",
    "jobs",
    {200: Answer("A PNG.", media="image/png")},
    errors=(errors.UnknownJob, errors.NotReady, errors.Gone),
)
def thumbnail(id: str) -> Response:
    manager = services().manager
    job = manager.get(job_id(id))
    file = manager.result(id)[0] if job.state in ENDED else manager.preview(id)
    with pictures.present():
        return Response(pictures.thumbnail(file.read_bytes(), services().settings), mimetype="image/png")


@blueprint.post("/<id>/keep")
@describe(
    "Keep what an unlearnt style was painted with: it is painted at once from then on.",
    "jobs",
    {201: Answer("The styles that are new or learnt now.", "Styles")},
    form="KeepForm",
    errors=(
        errors.UnknownJob,
        errors.NotReady,
        errors.Gone,
        errors.Conflict,
        errors.UnknownStyle,
        errors.MalformedRequest,
        errors.InvalidParameter,
        errors.UnknownParameter,
        errors.UnsupportedMediaType,
        errors.RequestTooLarge,
        errors.DiskFull,
        errors.Busy,
    ),
)
def keep(id: str) -> tuple[Response, int]:
    app = services()
    with app.wait_slots.place():
        with uploads.turn():
            name = read_kept_name()
        kept = keep_refined(app.manager, app.styles, job_id(id), name)
    return jsonify({"styles": [style_json(style) for style in kept]}), 201


@blueprint.post("/<id>/cancel")
@describe(
    "Stop and discard. A job that has ended stays as it is.",
    "jobs",
    {200: Answer("The job.", "Job")},
    errors=(errors.UnknownJob, errors.UnsupportedMediaType, errors.DiskFull),
)
def cancel(id: str) -> dict[str, Any]:
    no_body()
    return job_json(services().manager.cancel(job_id(id)))


@blueprint.post("/<id>/move")
@describe(
    "Change a waiting job's place in its queue.",
    "jobs",
    {200: Answer("The job.", "Job")},
    errors=(
        errors.UnknownJob,
        errors.Conflict,
        errors.InvalidParameter,
        errors.UnknownParameter,
        errors.UnsupportedMediaType,
        errors.DiskFull,
    ),
    query=(
        Query("position", "Its new place; 1 is next.", {"type": "integer", "minimum": 1, "maximum": MAX_POSITION, "default": 1}),
    ),
)
def move(id: str) -> dict[str, Any]:
    no_body()
    return job_json(services().manager.move(job_id(id), int(number("position", 1, 1, MAX_POSITION, whole=True))))


@blueprint.post("/<id>/finish")
@describe(
    "Stop and keep what there is.",
    "jobs",
    {200: Answer("The job.", "Job")},
    errors=(errors.UnknownJob, errors.Conflict, errors.UnsupportedMediaType),
)
def finish(id: str) -> dict[str, Any]:
    no_body()
    return job_json(services().manager.finish(job_id(id)))


@blueprint.delete("/<id>")
@describe(
    "Remove an ended job and its pictures.",
    "jobs",
    {204: Answer("It is gone.")},
    errors=(errors.UnknownJob, errors.Conflict, errors.DiskFull),
)
def remove(id: str) -> tuple[str, int]:
    services().manager.remove(job_id(id))
    return "", 204
