"""The OpenAPI description. Each route says what it does beside its code (:func:`describe`); everything else is derived:
the stylize form from `Stylization`, Job from its dataclass, the error codes from the error tree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from ..errors import DatabaseLocked, DiskFull, Forbidden, ImpastoError, Unauthorised
from .schemas import components

View = TypeVar("View", bound=Callable[..., Any])

IMPLIED_METHODS = {"HEAD", "OPTIONS"}
"""Flask answers these by itself, for every route."""

_HOMES = {"Job": "/v1/jobs/{id}", "Style": "/v1/styles/{id}"}
"""Where what a schema describes can be found by its id."""

_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")

OPERATION = "openapi_operation"
"""The name under which a view carries its description."""


@dataclass(frozen=True)
class Answer:
    """One successful answer: a JSON schema by name, or another media type."""

    text: str
    schema: str = ""
    media: str = "application/json"
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """One query parameter."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """What was passed to :func:`describe`. ``json``: the form has texts only, and is taken as a JSON object, too."""

    summary: str
    tag: str
    answers: Mapping[int, Answer]
    errors: tuple[type[ImpastoError], ...] = ()
    query: tuple[Query, ...] = ()
    headers: tuple[Query, ...] = ()
    form: str = ""
    json: bool = False
    public: bool = False


def describe(summary: str, tag: str, answers: Mapping[int, Answer], **more: Any) -> Callable[[View], View]:
    """Attach the description of a route to its view; put it below the route's own decorator."""

    def attach(view: View) -> View:
        setattr(view, OPERATION, Operation(summary, tag, answers, **more))
        return view

    return attach


def operations(app: Flask) -> dict[tuple[str, str], Operation | None]:
    """Every (path, method) of the app, paths written as OpenAPI does, with its description or None where that was forgotten."""
    found = {}
    for rule in app.url_map.iter_rules():
        path = _VARIABLE.sub(r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - IMPLIED_METHODS):
            found[path, method.lower()] = getattr(app.view_functions[rule.endpoint], OPERATION, None)
    return found


def document(app: Flask, version: str) -> dict[str, Any]:
    """The whole description, OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for (path, method), operation in sorted(operations(app).items()):
        if operation is not None:
            paths.setdefault(path, {})[method] = _operation(path, method, operation)
    _link(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Impasto",
            "version": version,
            "license": {"name": "MIT", "identifier": "MIT"},
            "summary": "Neural style transfer on this machine.",
            "description": "Send `Authorization: Bearer TOKEN`. `impasto auth` prints it, `impasto url` the address.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}, **components()},
    }


def _link(paths: dict[str, dict[str, Any]]) -> None:
    """Say of every answer that brings something new, a job or a style, where its id leads."""
    for methods in paths.values():
        for operation in methods.values():
            for answer in (operation["responses"].get(status, {}) for status in ("201", "202")):
                schema = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "").rpartition("/")[2]
                if schema in _HOMES:
                    answer["links"] = {
                        operation["operationId"]: {
                            "operationId": operation["operationId"],
                            "parameters": {"id": "$response.body#/id"},
                        }
                        for path, there in paths.items()
                        if path.startswith(_HOMES[schema])
                        for operation in there.values()
                    }


def _operation(path: str, method: str, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "tags": [operation.tag],
        "operationId": _name(path, method),
        "responses": _responses(operation),
    }
    parameters = [
        {"name": part[1:-1], "in": "path", "required": True, "schema": {"type": "string"}}
        for part in path.split("/")
        if part.startswith("{")
    ]
    for place, group in (("query", operation.query), ("header", operation.headers)):
        parameters += [{"name": q.name, "in": place, "description": q.text, "schema": dict(q.schema)} for q in group]
    if parameters:
        described["parameters"] = parameters
    if operation.form:
        form = {"schema": {"$ref": f"#/components/schemas/{operation.form}"}}
        media = ["multipart/form-data", *(["application/json"] if operation.json else [])]
        described["requestBody"] = {"required": True, "content": dict.fromkeys(media, form)}
    if operation.public:
        described["security"] = []
    return described


def _name(path: str, method: str) -> str:
    words = [part.strip("{}").replace(".", "_") for part in path.split("/") if part and part != "v1"]
    return "_".join([method, *words]) if words else f"{method}_page"


def _responses(operation: Operation) -> dict[str, Any]:
    responses = _failures(operation)
    for status, answer in operation.answers.items():
        described, failure = _answer(answer), responses.get(str(status), {})
        content = {**described.get("content", {}), **failure.get("content", {})}
        responses[str(status)] = {**described, **({"content": content} if content else {})}
    return dict(sorted(responses.items()))


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.text}
    if answer.schema:
        described["content"] = {answer.media: {"schema": {"$ref": f"#/components/schemas/{answer.schema}"}}}
    elif answer.media != "application/json":
        described["content"] = {answer.media: {}}
    if answer.headers:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return described


def _failures(operation: Operation) -> dict[str, Any]:
    kinds: list[type[ImpastoError]] = [Forbidden, *operation.errors, *([] if operation.public else [Unauthorised])]
    if DiskFull in kinds:  # what writes may meet either
        kinds.append(DatabaseLocked)
    statuses = sorted({kind.status for kind in kinds})
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        str(status): {"description": ", ".join(sorted({k.code for k in kinds if k.status == status})), "content": content}
        for status in statuses
    }
