"""Is the daemon there? The one route without a token; it says who it is, proves it, and tells nothing else."""

from __future__ import annotations

import re

from flask import Blueprint, request

from ... import __version__
from ...errors import MalformedRequest
from ..openapi import Answer, Query, describe
from ..runtime import CHALLENGE, proof
from ..services import services

blueprint = Blueprint("health", __name__)

_CHALLENGE = r"[A-Za-z0-9_-]{16,128}"


@blueprint.get("/health")
@describe(
    "Is the daemon there?",
    "daemon",
    {200: Answer("It is.", "Health")},
    errors=(MalformedRequest,),
    headers=(
        Query(
            CHALLENGE,
            "A random text; `proof` is then made of it and of the runtime file's `secret`, which only that file's daemon can.",
            {"type": "string", "pattern": f"^{_CHALLENGE}$"},
        ),
    ),
    public=True,
)
def health() -> dict[str, str]:
    app, challenge = services(), request.headers.get(CHALLENGE)
    said = {"name": "impasto", "version": __version__, "instance": app.instance}
    if challenge is None or not app.secret:
        return said
    if not re.fullmatch(_CHALLENGE, challenge):
        raise MalformedRequest(f"{CHALLENGE} takes 16 to 128 letters, digits, - and _.", field=CHALLENGE)
    return {**said, "proof": proof(app.secret, challenge)}
