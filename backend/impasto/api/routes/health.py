"""Is the daemon there? The one route without a token; it says who it is and nothing else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ... import __version__
from ..openapi import Answer, describe
from ..services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@describe("Is the daemon there?", "daemon", {200: Answer("It is.", "Health")}, public=True)
def health() -> dict[str, Any]:
    return {"name": "impasto", "version": __version__, "instance": services().instance}
