"""The API's own description as a source of requests: right ones and wrong ones, for every operation.

`FUZZ=2000` tries so many of each. Jobs are worked on by a script, so that nothing is painted or fetched.
"""

from __future__ import annotations

import os

import pytest
from api import pictures
from api.conftest import TOKEN, start
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from impasto import __version__
from impasto.api import openapi

from .routes import without_parts
from .target import Target

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install -e '.[test]'")

EXAMPLES = int(os.environ.get("FUZZ", "25"))
PICTURES = [pictures.png(), pictures.encoded("JPEG"), pictures.npy(pictures.pixels()), pictures.png()[:200], b"", b"GIF89a"]

EFFORT = settings(
    max_examples=EXAMPLES, deadline=None, derandomize="FUZZ" not in os.environ, suppress_health_check=list(HealthCheck)
)

SIGNED = {"Authorization": f"Bearer {TOKEN}"}
NOT_OURS = [schemathesis.checks.positive_data_acceptance]
"""Bytes that are no picture, and styles that do not exist, fit the description and are refused all the same."""

schemathesis.openapi.media_type("application/octet-stream", st.one_of(st.sampled_from(PICTURES), st.binary(max_size=200)))
schemathesis.openapi.media_type("multipart/form-data", st.binary(max_size=500))


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    """A daemon whose jobs are no work, and which takes any number of them."""
    folder = tmp_path_factory.mktemp("fuzzed")
    daemon, stop = start(folder, queue_limit=10_000)
    yield Target(daemon.url, TOKEN, os.getpid(), folder)
    stop()


schema = schemathesis.openapi.from_dict(openapi.document(without_parts(), __version__))


@schema.parametrize()
@EFFORT
def test_every_operation(case, fuzzed):
    """No failure of the daemon's own, and every answer is one that the description names, in the shape that it names."""
    answer = case.call(base_url=fuzzed.url, headers=SIGNED, timeout=20)
    fuzzed.check(answer.status_code, {name: value[0] for name, value in answer.headers.items()}, answer.content)
    case.validate_response(answer, excluded_checks=NOT_OURS)
    if answer.status_code == 202:
        with fuzzed.client() as client:
            client.post(answer.json()["links"]["cancel"])
