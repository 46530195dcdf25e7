"""What the API is, for programs and for people."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from flask import Blueprint, Response, current_app

from ... import __version__
from ...formats import FORMATS, WRITTEN, Format
from ...stylization import MAX_STYLES, Stylization
from .. import docs_page, openapi
from ..openapi import Answer, describe
from ..pages import page
from ..services import services

blueprint = Blueprint("description", __name__)


@blueprint.get("/openapi.json")
@describe("This description.", "description", {200: Answer("An OpenAPI 3.1 document.", "OpenAPI")})
def openapi_document() -> dict[str, Any]:
    return openapi.document(current_app, __version__)


@blueprint.get("/docs")
@describe("This description as a page.", "description", {200: Answer("The page.", media="text/html")})
def docs() -> Response:
    api = openapi.document(current_app, __version__)
    return page("docs.html", api=api, tags=docs_page.tags(api), tables=partial(docs_page.tables, api))


def _format(one: Format) -> dict[str, Any]:
    return {"label": one.label, "media_type": one.media_type, "extension": one.extension, "extensions": list(one.extensions)}


@blueprint.get("/v1/parameters")
@describe(
    "Every parameter of a stylization, with default, range and help; formats and limits.",
    "description",
    {200: Answer("In the order in which to show them.", "Parameters")},
)
def parameters() -> dict[str, Any]:
    settings = services().settings
    return {
        "parameters": [dataclasses.asdict(parameter) for parameter in Stylization.parameters()],
        "formats": {name: _format(one) for name, one in WRITTEN.items()},
        "formats_read": {name: _format(one) for name, one in FORMATS.items()},
        "limits": {
            "styles": MAX_STYLES,
            "megapixels": settings.max_megapixels,
            "upload_mb": settings.max_upload_mb,
            "queue": settings.queue_limit,
            "form_parts": settings.max_form_parts,
            "form_field_bytes": settings.max_form_field_kb * 1024,
        },
    }
