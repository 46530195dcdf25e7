"""JSON schemas of everything the API takes and answers, derived from the dataclasses where there is one."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Sequence
from types import NoneType, UnionType
from typing import Any

from ..errors import all_errors
from ..formats import WRITTEN
from ..parameters import Parameter
from ..stylization import MAX_STYLES, Stylization
from ..training import MAX_PAINTINGS, Training

TEXT: dict[str, Any] = {"type": "string"}
FILE: dict[str, Any] = {"type": "string", "contentMediaType": "application/octet-stream"}
_LAYER = r"(relu|conv)([12]_[12]|[345]_[1-4])(:[0-9.]+)?"
LAYERS = f"^{_LAYER}(,{_LAYER})*$"
"""Layers with weights, as a form sends them: relu1_1:0.5,relu2_1."""

ANYTHING: dict[str, Any] = {"type": "object"}
_SIMPLE = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def components() -> dict[str, Any]:
    """The ``components`` of the OpenAPI document, without the security schemes."""
    return {
        "schemas": {
            "Error": error_schema(),
            "Health": _object(("proof",), name=TEXT, version=TEXT, instance=TEXT, proof=TEXT),
            "Ticket": _object(ticket=TEXT, seconds={"type": "integer"}),
            "Job": job_schema(),
            "Jobs": _list("jobs", "Job"),
            "Queue": _object(paused={"type": "boolean"}, **_list("jobs", "Job")["properties"]),
            "Plan": plan_schema(),
            "StylizeForm": stylize_form(),
            "StyleForm": _object(name=TEXT, picture=FILE),
            "TrainForm": train_form(),
            "KeepForm": _object(name=TEXT),
            "RenameForm": _object(name=TEXT),
            "Style": style_schema(),
            "Styles": _list("styles", "Style"),
            "Model": _object(id=TEXT, status={"enum": ["present", "absent", "damaged"]}),
            "Models": _list("models", "Model"),
            "Parameters": _object(
                parameters={"type": "array", "items": {"$ref": "#/components/schemas/Parameter"}},
                formats={"type": "object"},
                formats_read={"type": "object"},
                limits={"type": "object"},
            ),
            "Parameter": dataclass_schema(Parameter),
            "Device": ANYTHING,
            "Diagnostics": ANYTHING,
            "OpenAPI": ANYTHING,
        }
    }


def _object(optional: Sequence[str] = (), /, **properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": [name for name in properties if name not in optional], "properties": properties}


def _list(name: str, of: str) -> dict[str, Any]:
    return _object(**{name: {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}})


def error_schema() -> dict[str, Any]:
    """The one error shape, with every code there is."""
    codes = sorted({kind.code for kind in all_errors()})
    inner = {
        "type": "object",
        "required": ["code", "message"],
        "properties": {"code": {"type": "string", "enum": codes}, "message": TEXT, "hint": TEXT, "field": TEXT},
    }
    return _object(error=inner)


def job_schema() -> dict[str, Any]:
    """A job as :func:`impasto.api.representation.job_json` shows it."""
    from ..jobs import Job

    return _linked(dataclass_schema(Job))


def plan_schema() -> dict[str, Any]:
    """A plan as :func:`impasto.methods.choice.plan` makes it."""
    from ..methods.choice import Plan

    return dataclass_schema(Plan)


def style_schema() -> dict[str, Any]:
    """A style of the library, with its links."""
    from ..models import Style

    return _linked(dataclass_schema(Style))


def _linked(schema: dict[str, Any]) -> dict[str, Any]:
    schema["properties"]["links"] = {"type": "object", "additionalProperties": TEXT}
    schema["required"].append("links")
    return schema


def stylize_form() -> dict[str, Any]:
    """The form of /v1/jobs and /v1/stylize: two kinds of picture, the result's format, and every parameter."""
    properties: dict[str, Any] = {
        "content": {**FILE, "description": "The picture to paint."},
        "format": {
            **TEXT,
            "description": f"Format of the result ({', '.join(WRITTEN)}); else what Accept names, else one "
            "that keeps the content's depth.",
        },
        "strip": {
            "type": "boolean",
            "description": "Leave all metadata out of the result: EXIF, XMP, resolution and recipe; the colour profile stays. "
            "Else the setting strip_metadata decides.",
        },
    }
    for parameter in Stylization.parameters():
        properties[parameter.name] = form_field(parameter)
    properties["style"] |= {"maxItems": MAX_STYLES}
    properties["style"]["description"] += " Text parts are ids, file parts are pictures; ids come first."
    return {"type": "object", "required": ["content", "style"], "properties": properties}


def train_form() -> dict[str, Any]:
    """The form of /v1/styles/train: paintings, a name for each, and every parameter."""
    properties: dict[str, Any] = {
        "picture": {"type": "array", "items": FILE, "maxItems": MAX_PAINTINGS, "description": "The paintings to learn."},
        "name": {"type": "array", "items": TEXT, "maxItems": MAX_PAINTINGS, "description": "A name for each, in their order."},
    }
    properties |= {parameter.name: form_field(parameter) for parameter in Training.parameters()}
    return {"type": "object", "required": ["picture", "name"], "properties": properties}


def form_field(parameter: Parameter) -> dict[str, Any]:
    """The schema of one parameter."""
    number = {key: value for key, value in (("minimum", parameter.minimum), ("maximum", parameter.maximum)) if value is not None}
    shapes: dict[str, dict[str, Any]] = {
        "number": {"type": "number", **number},
        "integer": {"type": "integer", **number},
        "choice": {"type": "string", "enum": list(parameter.choices)},
        "text list": {"type": "array", "items": TEXT},
        "number list": {"type": "array", "items": {"type": "number", **number}},
        "layers": {"type": "string", "pattern": LAYERS},
    }
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    if isinstance(default, dict):
        default = ",".join(f"{layer}:{weight:g}" for layer, weight in default.items())
    return {**shapes[parameter.kind], "description": parameter.help, "default": default}


def dataclass_schema(cls: type) -> dict[str, Any]:
    """An object schema from a dataclass's annotations."""
    hints = typing.get_type_hints(cls)
    properties = {f.name: _annotation(hints[f.name]) for f in dataclasses.fields(cls)}
    return {"type": "object", "required": list(properties), "properties": properties}


def _annotation(hint: Any) -> dict[str, Any]:
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, UnionType):
        return {"anyOf": [_annotation(a) for a in arguments]}
    if origin is typing.Literal:
        return {"type": "string", "enum": list(arguments)}
    if origin in (list, tuple, set, frozenset):
        return {"type": "array", **({"items": _annotation(arguments[0])} if arguments else {})}
    if origin is dict or hint is dict:
        return {"type": "object", **({"additionalProperties": _annotation(arguments[1])} if len(arguments) == 2 else {})}
    return {}
