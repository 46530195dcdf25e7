"""The HTML pages and their Content-Security-Policy. Nothing is loaded from elsewhere, nothing inline runs without a nonce."""

from __future__ import annotations

import secrets

from flask import Response, render_template

from ..errors import Unauthorised

API_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""For answers that are not pages: should a browser show one, it loads and runs nothing."""

_PAGE_POLICY = (
    "default-src 'none'; script-src {script}; style-src {style}; img-src 'self' blob: data:; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def page(template: str, *, status: int = 200, **values: object) -> Response:
    """An HTML page whose scripts and styles come from the daemon."""
    return _page(template, status, _PAGE_POLICY.format(script="'self'", style="'self'"), values)


def sign_in_page(error: Unauthorised) -> Response:
    """What a browser without a valid cookie gets for ``/``: a 401 whose script trades the token for the cookie.

    Scripts and styles are inline, since every other address answers 401 too.
    """
    nonce = secrets.token_urlsafe(16)
    policy = _PAGE_POLICY.format(script=f"'nonce-{nonce}'", style=f"'nonce-{nonce}'")
    response = _page("sign_in.html", error.status, policy, {"nonce": nonce})
    response.headers["WWW-Authenticate"] = 'Bearer realm="impasto"'
    return response


def _page(template: str, status: int, policy: str, values: dict[str, object]) -> Response:
    response = Response(render_template(template, **values), status=status, mimetype="text/html")
    response.headers["Content-Security-Policy"] = policy
    return response
