"""What the page at /docs shows: the OpenAPI document as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Rows = list[tuple[str, str]]


def tags(document: dict[str, Any]) -> list[str]:
    """The groups of operations, in the order of their first path."""
    return list(dict.fromkeys(operation["tags"][0] for methods in document["paths"].values() for operation in methods.values()))


def tables(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, Rows]]:
    """The tables of one operation: heading and (name, text) rows."""
    parameters = operation.get("parameters", [])
    yield "In the address", [(p["name"], p.get("description", "")) for p in parameters if p["in"] in ("path", "query")]
    yield "Headers", [(p["name"], p.get("description", "")) for p in parameters if p["in"] == "header"]
    yield "Form fields", list(form_rows(document, operation))
    yield "Answers", [(status, answer_text(answer)) for status, answer in operation["responses"].items()]


def form_rows(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each field of the form that the operation takes."""
    for media in list(operation.get("requestBody", {}).get("content", {}).values())[:1]:  # a JSON object has the same fields
        name = media["schema"]["$ref"].rpartition("/")[2]
        for field, schema in document["components"]["schemas"][name]["properties"].items():
            yield field, " ".join(filter(None, [schema.get("description", ""), bounds(schema)]))


def bounds(schema: dict[str, Any]) -> str:
    """Range or choices, and the default, in words."""
    said = []
    if "enum" in schema:
        said.append("One of " + ", ".join(schema["enum"]) + ".")
    if "minimum" in schema and "maximum" in schema:
        said.append(f"{schema['minimum']:g} to {schema['maximum']:g}.")
    if schema.get("default") not in (None, [], ""):
        said.append(f"Default {schema['default']}.")
    return " ".join(said)


def answer_text(answer: dict[str, Any]) -> str:
    """What an answer is and which kinds of content it may have."""
    content = ", ".join(answer.get("content", {}))
    return f"{answer['description']} ({content})" if content else answer["description"]
