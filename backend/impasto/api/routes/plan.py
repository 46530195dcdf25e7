"""What a choice will mean, told before anything is sent: interfaces show it and need not work it out themselves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from ...errors import InvalidParameter, OutOfMemory, PictureTooLarge, PictureTooSmall, StyleMissing, StyleNotLearnt, UnknownStyle
from ...parameters import UPLOAD, Parameter
from ...stylization import MAX_STYLES, Stylization
from ..forms import style_id
from ..openapi import Answer, Query, describe
from ..query import number
from ..schemas import TEXT, form_field
from ..services import services

blueprint = Blueprint("plan", __name__)

MAX_SIDE = 1_000_000
"""px; no format holds more."""

SIZES = (
    Query("width", "Width of the picture to paint, px.", {"type": "integer", "minimum": 1, "maximum": MAX_SIDE}),
    Query("height", "Its height, px.", {"type": "integer", "minimum": 1, "maximum": MAX_SIDE}),
    Query("pictures", "How many style pictures will be sent along.", {"type": "integer", "minimum": 0, "maximum": MAX_STYLES}),
)


def _query(parameter: Parameter) -> Query:
    """A parameter as it stands behind the ? of an address, where lists are separated by commas."""
    schema = TEXT if parameter.kind in ("text list", "number list") else form_field(parameter)
    return Query(parameter.name, parameter.help, schema)


@blueprint.get("/v1/plan")
@describe(
    "What a stylization will mean: by which method it is painted and why, at what size, and how long that will take.",
    "jobs",
    {200: Answer("The plan.", "Plan")},
    errors=(InvalidParameter, OutOfMemory, PictureTooLarge, PictureTooSmall, StyleMissing, StyleNotLearnt, UnknownStyle),
    query=(*SIZES, *(_query(parameter) for parameter in Stylization.parameters())),
)
def plan() -> dict[str, Any]:
    from ...images import Limits

    sizes = {query.name for query in SIZES}
    values = {name: value for name, value in request.args.items() if name not in sizes}
    width, height = (int(_required(name)) for name in ("width", "height"))
    Limits.of(services().settings).check_size(width, height)
    uploads = int(number("pictures", 0, 0, MAX_STYLES, whole=True))
    ids = next(p for p in Stylization.parameters() if p.name == "style").parse(values.pop("style", ()))
    for id in ids:
        if UPLOAD.fullmatch(id):
            raise InvalidParameter("Pictures are counted by pictures, not named as upload:0.", field="style")
        services().styles.get(style_id(id))
    stylization = Stylization.parse({**values, "style": [*ids, *(f"upload:{position}" for position in range(uploads))]})
    return services().manager.plan(stylization, (height, width)).to_dict()


def _required(name: str) -> float:
    if name not in request.args:
        raise InvalidParameter(f"{name} is missing: the picture's {name} in px.", field=name)
    return number(name, 0, 1, MAX_SIDE, whole=True)
