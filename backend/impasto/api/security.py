"""Who may talk to the daemon: one check before every request, one set of headers after it.

In this order: the Host is one of ours (DNS rebinding), no token in the query string (it would end up in logs and
histories), the Origin of a changing request is ours (a web page in the user's browser), and the token is right.
Only ``GET /health`` needs no token.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from ..errors import Forbidden, ImpastoError, MalformedRequest, RequestTooLarge, Unauthorised
from .errors import translate
from .openapi import OPERATION
from .pages import API_POLICY, sign_in_page
from .services import services

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
WILDCARDS = frozenset({"0.0.0.0", "::", ""})
PUBLIC_ENDPOINTS = frozenset({"health.health"})
STUDIO_ENDPOINT = "page.studio"
SIGN_IN_ENDPOINT = "page.sign_in"
MAX_PLAIN_BODY = 64 * 1024
"""Bytes of a body where no form is taken."""

QUERY_TOKENS = ("token", "access_token", "auth")

_HOST = re.compile(r"[a-z0-9.:\[\]-]{1,80}", re.IGNORECASE)

CORS_HEADERS = "Authorization, Content-Type, Accept, Idempotency-Key, Last-Event-ID"
CORS_METHODS = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
CORS_SECONDS = "600"

HOW_TO_SIGN_IN = 'Send the header that `impasto auth` prints: curl -H "$(impasto auth)". In a browser, `impasto open` signs in.'


def install(app: Flask) -> None:
    """Put the checks before, and the headers after, every request of ``app``."""

    @app.before_request
    def guard() -> Response | None:
        try:
            return check()
        except Unauthorised as error:
            if request.endpoint == STUDIO_ENDPOINT and request.method in ("GET", "HEAD"):
                return sign_in_page(error)
            raise

    @app.after_request
    def after(response: Response) -> Response:
        harden(response)
        allow_cross_origin(response)
        return response


def check() -> Response | None:
    """Whether the present request may be answered. Raises :class:`Forbidden`, :class:`Unauthorised` or :class:`MalformedRequest`;
    answers a preflight of an allowed origin at once."""
    check_host()
    check_query()
    origin = check_origin()
    if origin and is_preflight():
        return Response(status=204)  # the one answer without a token: a browser sends none with a preflight
    check_token()
    return None


def refusal(app: Flask) -> Callable[[dict[str, Any]], ImpastoError | None]:
    """What asks, before a request's body is read, whether it may be answered at all, has a route, and may have a body so long.

    So nobody without the token can make the daemon store anything, and only forms may be large.
    """

    def refused(environ: dict[str, Any]) -> ImpastoError | None:
        with app.request_context(environ):
            try:
                check()
                if request.routing_exception is not None:
                    raise request.routing_exception
                check_length()
            except ImpastoError as error:
                return error
            except HTTPException as error:
                return translate(error)
            return None

    return refused


def check_length() -> None:
    """Refuse a long body where no form is taken. One sent in chunks has no length yet; it is bounded as those of forms are."""
    form = getattr(getattr(current_app.view_functions.get(request.endpoint or ""), OPERATION, None), "form", "")
    if not form and (request.content_length or 0) > MAX_PLAIN_BODY:
        raise RequestTooLarge(f"This address takes no body of more than {MAX_PLAIN_BODY // 1024} kB.")


def harden(response: Response) -> Response:
    """The headers of every answer, those included that never reach the app."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", API_POLICY)
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Frame-Options"] = "DENY"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


# -- Host ----------------------------------------------------------------------------------------------------------


def check_host() -> None:
    """Refuse a request that is not addressed to this daemon, whatever its other headers say."""
    target = request.environ.get("REQUEST_URI", "/")
    named = [request.environ.get("HTTP_HOST", "")]
    if not target.startswith("/"):
        if not target.lower().startswith(("http://", "https://")):
            raise MalformedRequest("The request's target is no path.")
        named.append(urlsplit(target).netloc)  # GET http://other/ HTTP/1.1
    foreign = next((name for name in named if not is_own_host(name)), None)
    if foreign is not None:
        raise Forbidden(
            f"The daemon does not answer to {named_host(foreign)}.",
            hint="Use the address that `impasto url` prints, or add the name to the setting allowed_hosts.",
        )


def named_host(text: str) -> str:
    """A host for a sentence, where ``text`` looks like one."""
    return f"the host '{text}'" if _HOST.fullmatch(text) else "a host of this name"


def is_own_host(host: str) -> bool:
    """Whether a Host header (``name:port``) names this daemon."""
    settings, host = services().settings, host.lower()
    port = f":{settings.port}"
    names = [*LOOPBACK] + ([] if settings.host in WILDCARDS else [bracketed(settings.host.lower())])
    own = {name + port for name in names} | (set(names) if settings.port == 80 else set())
    for name in map(str.lower, settings.allowed_hosts):
        own |= {name, name + port}  # without a port: as a proxy on port 80 or 443 passes it on
    if host in own:
        return True
    # A name can be made to point here by anyone; an address cannot. So all addresses do where the user chose to listen on all.
    return settings.host in WILDCARDS and host.endswith(port) and is_address(host[: -len(port)])


def bracketed(address: str) -> str:
    """An address as it stands in a URL: IPv6 in brackets."""
    return f"[{address}]" if ":" in address and not address.startswith("[") else address


def is_address(text: str) -> bool:
    """Whether ``text`` is an IP address in its one canonical spelling."""
    try:
        return bracketed(str(ipaddress.ip_address(text.strip("[]")))) == text
    except ValueError:
        return False


# -- Origin --------------------------------------------------------------------------------------------------------


def check_origin() -> str:
    """Refuse changing requests from foreign web pages. Answers the Origin where it is one that the settings allow."""
    origin = request.headers.get("Origin", "").lower()
    if origin and origin in map(str.lower, services().settings.allowed_origins):
        return origin
    if request.method not in SAFE_METHODS and not is_same_origin(origin, default=True):
        raise Forbidden(
            f"A web page from {named_host(origin.rpartition('/')[2])} may not do this.",
            hint="If you trust that site, add its origin to the setting allowed_origins.",
        )
    return ""


def is_same_origin(origin: str, *, default: bool) -> bool:
    """Whether the browser says that the request comes from our own page; ``default`` where it says nothing (curl, plug-ins)."""
    site = request.headers.get("Sec-Fetch-Site", "").strip().lower()
    if site and site not in ("same-origin", "none"):
        return False
    if origin:
        return origin == f"http://{request.environ.get('HTTP_HOST', '').lower()}"
    return bool(site) or default


def is_preflight() -> bool:
    """Whether a browser asks if it may send a cross-origin request."""
    return request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers


def allow_cross_origin(response: Response) -> None:
    """CORS headers, for exactly the origins in the settings and for nobody else."""
    allowed = services().settings.allowed_origins
    if not allowed:
        return
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin.lower() not in map(str.lower, allowed):
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = "Location, Retry-After"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_preflight():
        response.headers["Access-Control-Allow-Methods"] = CORS_METHODS
        response.headers["Access-Control-Allow-Headers"] = CORS_HEADERS
        response.headers["Access-Control-Max-Age"] = CORS_SECONDS


# -- token ---------------------------------------------------------------------------------------------------------


def check_query() -> None:
    """Refuse tokens in the address, also right ones: addresses are logged, kept in histories and passed on."""
    if any(name.lower() in QUERY_TOKENS for name in request.args):
        raise Unauthorised(
            "A token in the address is not accepted, because addresses are logged and kept in histories.", hint=HOW_TO_SIGN_IN
        )


def check_token() -> None:
    """Let through what carries the token, or the cookie of a browser that has signed in with it."""
    if request.endpoint in PUBLIC_ENDPOINTS and request.method in ("GET", "HEAD"):
        return
    if has_token() or has_session() or (request.endpoint == SIGN_IN_ENDPOINT and services().tickets.valid(given_ticket())):
        return
    if given_ticket():
        raise Unauthorised("This ticket has been used, or is too old.", hint="Run `impasto open` again.")
    wrong = "Authorization" in request.headers
    raise Unauthorised("The token is wrong." if wrong else "This needs the daemon's token.", hint=HOW_TO_SIGN_IN)


def has_token() -> bool:
    """Whether the Authorization header is ``Bearer`` and the token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and same(given.strip(), services().token)


def given_ticket() -> str:
    """The one-time ticket in the Authorization header, or an empty text."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "ticket" else ""


def has_session() -> bool:
    """Whether the request comes from a signed-in browser's own page.

    Cookies know no ports: a page served from another port of this machine makes the browser send ours along. So the
    cookie counts only where the browser says that the request is our page's own or typed by the user.
    """
    if not services().sessions.valid(given_cookie()):
        return False
    return is_same_origin(request.headers.get("Origin", "").lower(), default=request.method in SAFE_METHODS)


def given_cookie() -> str:
    """The value of this daemon's cookie, or an empty text."""
    return request.cookies.get(cookie_name(), "")


def cookie_name() -> str:
    """The cookie's name, of which each daemon of this machine has its own."""
    return f"impasto-{services().settings.port}"


def same(given: str, secret: str) -> bool:
    """Compare in constant time; an empty secret equals nothing."""
    return bool(secret) and hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())
