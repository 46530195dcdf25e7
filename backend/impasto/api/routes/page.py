"""The studio page, its files, and the sign-in that gives a browser its cookie."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from ... import __version__
from ...errors import NotFound, Unauthorised
from .. import security
from ..forms import no_body
from ..openapi import Answer, describe
from ..pages import page

blueprint = Blueprint("page", __name__)

STATIC = Path(__file__).resolve().parent.parent / "static"


@blueprint.get("/")
@describe("The studio page; a sign-in page (401) for a browser without a cookie.", "page",
          {200: Answer("The page.", media="text/html")})
def studio() -> Response:
    return page("studio.html", version=__version__)


@blueprint.get("/static/<name>")
@describe("A file of the pages.", "page", {200: Answer("The file.", media="*/*")}, errors=(NotFound,))
def asset(name: str) -> Response:
    return send_from_directory(STATIC, name, conditional=False, etag=False)


@blueprint.post("/session")
@describe("Trade the token, sent as a header, for a browser's cookie.", "page",
          {204: Answer("Signed in.", headers=("Set-Cookie",))})
def sign_in() -> Response:
    no_body()
    if not security.has_token():
        raise Unauthorised("Signing in takes the token itself.", hint=security.HOW_TO_SIGN_IN)
    response = Response(status=204)
    response.set_cookie(security.cookie_name(), security.session_secret(), httponly=True, samesite="Strict", path="/")
    return response


@blueprint.delete("/session")
@describe("Sign the browser out.", "page", {204: Answer("Signed out.", headers=("Set-Cookie",))})
def sign_out() -> Response:
    response = Response(status=204)
    response.delete_cookie(security.cookie_name(), httponly=True, samesite="Strict", path="/")
    return response
