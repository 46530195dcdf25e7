"""Encoders: which are there, and fetching them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from ...errors import Conflict, DiskFull, QueueFull, QuotaExceeded, UnknownModel, UnsupportedMediaType
from ..forms import idempotency_key, no_body
from ..openapi import Answer, describe
from ..representation import job_json
from ..services import services

blueprint = Blueprint("models", __name__, url_prefix="/v1/models")


@blueprint.get("")
@describe("The encoders: present or not, size, licence.", "models", {200: Answer("All of the catalogue.", "Models")})
def models() -> dict[str, Any]:
    store = services().store
    return {"models": [{**model.to_dict(), "status": store.status(model.id)} for model in store.catalogue.models()]}


@blueprint.post("/<id>/pull")
@describe(
    "Fetch an encoder's weights, as a job.",
    "models",
    {202: Answer("The job.", "Job", headers=("Location",))},
    errors=(UnknownModel, UnsupportedMediaType, Conflict, QueueFull, DiskFull, QuotaExceeded),
)
def pull(id: str) -> tuple[Response, int, dict[str, str]]:
    from ...jobs import Submission

    no_body()
    app = services()
    model = app.store.catalogue.model(id)
    job = app.manager.submit(Submission("pull", {"model": model.id}, title=model.title, idempotency_key=idempotency_key(request)))
    return jsonify(job_json(job)), 202, {"Location": f"/v1/jobs/{job.id}"}
