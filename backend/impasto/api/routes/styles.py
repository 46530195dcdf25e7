"""The style library: shipped styles and the user's own pictures."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.routing import BaseConverter

from ... import errors
from .. import pictures, uploads
from ..forms import read_new_title, read_style, read_training, style_id
from ..openapi import Answer, describe
from ..representation import job_json, style_json
from ..services import services
from .jobs import KEY

blueprint = Blueprint("styles", __name__, url_prefix="/v1/styles")

PICTURE_ERRORS = (
    errors.MalformedRequest,
    errors.InvalidParameter,
    errors.UnknownParameter,
    errors.BadPicture,
    errors.UnsupportedPicture,
    errors.PictureTooLarge,
    errors.PictureTooSmall,
    errors.RequestTooLarge,
    errors.UnsupportedMediaType,
)


class StyleSegment(BaseConverter):
    """A part of an address that stands for a style: any but ``train``, which is a route of its own."""

    regex = "(?!train(?:/|$))[^/]+"


@blueprint.get("")
@describe("All styles.", "styles", {200: Answer("Shipped styles, then the user's own.", "Styles")})
def styles() -> dict[str, Any]:
    return {"styles": [style_json(style) for style in services().styles.styles()]}


@blueprint.post("")
@describe(
    "Keep a picture as a style.",
    "styles",
    {201: Answer("The style.", "Style", headers=("Location",))},
    form="StyleForm",
    errors=(*PICTURE_ERRORS, errors.Conflict, errors.DiskFull, errors.QuotaExceeded, errors.Busy),
)
def add() -> tuple[Response, int, dict[str, str]]:
    with services().wait_slots.place(), uploads.turn():
        new = read_style()
        services().manager.make_room(len(new.data))
        with pictures.decoding("picture"):
            style = services().styles.add(new.name, new.data)
    return jsonify(style_json(style)), 201, {"Location": f"/v1/styles/{style.id}"}


@blueprint.post("/train")
@describe(
    "Learn paintings as fast styles.",
    "styles",
    {202: Answer("The job, whose result has the new styles.", "Job", headers=("Location",))},
    form="TrainForm",
    headers=(KEY,),
    errors=(*PICTURE_ERRORS, errors.Conflict, errors.QueueFull, errors.DiskFull, errors.QuotaExceeded, errors.Busy),
)
def train() -> tuple[Response, int, dict[str, str]]:
    app = services()
    with app.wait_slots.place(), uploads.turn():
        job = app.manager.submit(read_training())
    return jsonify(job_json(job)), 202, {"Location": f"/v1/jobs/{job.id}"}


@blueprint.get("/<style:id>")
@describe("One style.", "styles", {200: Answer("The style.", "Style")}, errors=(errors.UnknownStyle,))
def style(id: str) -> dict[str, Any]:
    return style_json(services().styles.get(style_id(id)))


@blueprint.patch("/<style:id>")
@describe(
    "Rename one of the user's own styles.",
    "styles",
    {200: Answer("The style, under the id that it had.", "Style")},
    form="RenameForm",
    json=True,
    errors=(
        errors.UnknownStyle,
        errors.Conflict,
        errors.MalformedRequest,
        errors.InvalidParameter,
        errors.UnknownParameter,
        errors.UnsupportedMediaType,
        errors.RequestTooLarge,
        errors.DiskFull,
        errors.Busy,
    ),
)
def rename(id: str) -> dict[str, Any]:
    with services().wait_slots.place(), uploads.turn():
        name = read_new_title()
    return style_json(services().styles.rename(style_id(id), name))


@blueprint.delete("/<style:id>")
@describe(
    "Remove one of the user's own styles.",
    "styles",
    {204: Answer("It is gone.")},
    errors=(errors.UnknownStyle, errors.Conflict, errors.DiskFull),
)
def remove(id: str) -> tuple[str, int]:
    services().styles.remove(style_id(id))
    return "", 204


@blueprint.get("/<style:id>/thumbnail")
@describe(
    "A style's picture, at most 256 px a side.", "styles", {200: Answer("A PNG.", media="image/png")}, errors=(errors.UnknownStyle,)
)
def thumbnail(id: str) -> Response:
    return Response(services().styles.thumbnail(style_id(id)), mimetype="image/png")


@blueprint.get("/<style:id>/picture")
@describe(
    "A style's picture as it was added.", "styles", {200: Answer("The picture.", media="image/*")}, errors=(errors.UnknownStyle,)
)
def picture(id: str) -> Response:
    data = services().styles.picture(style_id(id))
    return Response(data, mimetype=pictures.media_type(data))
