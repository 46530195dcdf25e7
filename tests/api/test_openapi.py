"""The description fits the routes, the routes fit the description, and docs/api.md knows all of it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from impasto.api import openapi
from impasto.errors import all_errors
from impasto.jobs import Job
from impasto.stylization import Stylization
from openapi_spec_validator import validate

DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def document(daemon):
    return daemon.client().get("/openapi.json").json()


def test_it_is_valid_openapi(document):
    validate(document)


def test_every_route_is_described_and_every_description_has_its_route(daemon, document):
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == set(openapi.operations(daemon.app))
    assert None not in openapi.operations(daemon.app).values()
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names))


def test_the_form_has_every_parameter_with_its_range(document):
    form = document["components"]["schemas"]["StylizeForm"]
    for parameter in Stylization.parameters():
        schema = form["properties"][parameter.name]
        assert schema["description"].startswith(parameter.help)
        if parameter.kind in ("number", "integer"):
            assert (schema["minimum"], schema["maximum"], schema["default"]) == (
                parameter.minimum,
                parameter.maximum,
                parameter.default,
            )
        if parameter.choices:
            assert schema["enum"] == list(parameter.choices)
    assert set(form["properties"]) == {p.name for p in Stylization.parameters()} | {"content", "format", "strip"}


@pytest.mark.slow
def test_real_answers_fit_their_schemas(document, client):
    from openapi_schema_validator import OAS31Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    registry = Registry().with_resource("impasto:", Resource.from_contents(document, default_specification=DRAFT202012))

    def fits(name, value):
        OAS31Validator({"$ref": f"impasto:#/components/schemas/{name}"}, registry=registry).validate(value)

    job = client.until(client.submit(), "done")
    assert {f.name for f in fields(Job)} < set(job)
    fits("Job", job)
    fits("Jobs", client.get("/v1/jobs").json())
    fits("Queue", client.get("/v1/queue").json())
    fits("Styles", client.get("/v1/styles").json())
    fits("Models", client.get("/v1/models").json())
    fits("Health", client.get("/health").json())
    fits("Parameters", client.get("/v1/parameters").json())
    fits("Error", client.get("/nothing").json())


def test_the_page_shows_every_route(document, client):
    page = client.get("/docs").text
    for methods in document["paths"].values():
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page


def test_every_error_code_is_in_the_description_and_in_the_docs(document):
    codes = {kind.code for kind in all_errors()}
    assert set(document["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"]) == codes
    text = DOCS.read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE))
    assert table == {kind.code: str(kind.status) for kind in all_errors()}


def test_every_route_is_in_the_docs_and_no_other(document):
    text = DOCS.read_text(encoding="utf-8")
    reply = {(path, method.lower()) for method, path in re.findall(r"^#{2,4} (GET|POST|PATCH|DELETE) (/\S*)$", text, re.MULTILINE)}
    assert reply == {(path, method) for path, methods in document["paths"].items() for method in methods}


def test_the_docs_examples_send_the_token_as_a_header():
    for example in re.findall(r"^(?:[A-Z]+=\$\()?curl .*$", DOCS.read_text(encoding="utf-8"), re.MULTILINE):
        assert "/health" in example or "$(impasto auth)" in example, example
        assert "token=" not in example
