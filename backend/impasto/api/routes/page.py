"""The studio page, its files, and the sign-in that gives a browser its cookie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, send_from_directory

from ... import __version__
from ...errors import NotFound, Unauthorised, UnsupportedMediaType
from ...formats import FORMATS, labels
from .. import security
from ..forms import no_body
from ..openapi import Answer, describe
from ..pages import page
from ..services import services
from ..tickets import LIFETIME_S

blueprint = Blueprint("page", __name__)

STATIC = Path(__file__).resolve().parent.parent / "static"


@blueprint.get("/")
@describe(
    "The studio page; a sign-in page (401) for a browser without a cookie.",
    "page",
    {200: Answer("The page.", media="text/html"), 401: Answer("The sign-in page.", media="text/html")},
)
def studio() -> Response:
    formats = labels(images_only=True, last="or")
    return page("studio.html", version=__version__, extensions=",".join(studio_extensions()), formats=formats)


def studio_extensions() -> list[str]:
    """What the page offers to choose: every format that is read."""
    return [extension for one in FORMATS.values() for extension in one.extensions]


@blueprint.get("/static/<name>")
@describe("A file of the pages.", "page", {200: Answer("The file.", media="*/*")}, errors=(NotFound,))
def asset(name: str) -> Response:
    return send_from_directory(STATIC, name, conditional=False, etag=False)


@blueprint.post("/session/ticket")
@describe(
    "A ticket that signs a browser in, once and soon.",
    "page",
    {201: Answer("The ticket.", "Ticket")},
    errors=(UnsupportedMediaType,),
)
def ticket() -> tuple[dict[str, Any], int]:
    no_body()
    if not security.has_token():
        raise Unauthorised("A ticket takes the token itself.", hint=security.HOW_TO_SIGN_IN)
    return {"ticket": services().tickets.issue(), "seconds": LIFETIME_S}, 201


@blueprint.post("/session")
@describe(
    "Trade the token, or a ticket, sent as a header, for a browser's cookie.",
    "page",
    {204: Answer("Signed in.", headers=("Set-Cookie",))},
    errors=(UnsupportedMediaType,),
)
def sign_in() -> Response:
    no_body()
    if not (security.has_token() or services().tickets.redeem(security.given_ticket())):
        raise Unauthorised("Signing in takes the token itself, or a ticket.", hint=security.HOW_TO_SIGN_IN)
    response = Response(status=204)
    response.set_cookie(security.cookie_name(), services().sessions.begin(), httponly=True, samesite="Strict", path="/")
    return response


@blueprint.delete("/session")
@describe("Sign the browser out.", "page", {204: Answer("Signed out.", headers=("Set-Cookie",))})
def sign_out() -> Response:
    services().sessions.revoke(security.given_cookie())
    response = Response(status=204)
    response.delete_cookie(security.cookie_name(), httponly=True, samesite="Strict", path="/")
    return response
