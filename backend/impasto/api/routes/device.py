"""What runs where, giving memory back, and the report to send along with a question."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from ...errors import UnsupportedMediaType
from ..diagnostics import report
from ..forms import no_body
from ..openapi import Answer, describe
from ..services import services

blueprint = Blueprint("device", __name__)


@blueprint.get("/v1/device")
@describe("The device, its memory, and what runs on it.", "device", {200: Answer("The device.", "Device")})
def device() -> dict[str, Any]:
    return services().manager.device()


@blueprint.post("/v1/unload")
@describe(
    "Give the device's memory back as soon as no job runs.",
    "device",
    {200: Answer("The device afterwards.", "Device")},
    errors=(UnsupportedMediaType,),
)
def unload() -> dict[str, Any]:
    no_body()
    services().manager.unload()
    return services().manager.device()


@blueprint.get("/v1/diagnostics")
@describe(
    "A report on versions, device, weights and settings, with private parts removed.",
    "device",
    {200: Answer("The report.", "Diagnostics")},
)
def diagnostics() -> dict[str, Any]:
    return report(services())
