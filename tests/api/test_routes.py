"""Where requests may go: unknown routes, unknown jobs, wrong methods, and a bug behind a right one."""

from __future__ import annotations

import pytest

from .conftest import refused


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v1/", "/v1/jobs/a/b/c", "/V1/jobs", "/v2/jobs", "//v1//x", "/v1/jobs/%2e%2e/%2e%2e/x"]
)
def test_unknown_routes(client, path):
    refused(client.get(path), 404, "not_found")


@pytest.mark.parametrize("id", ["0123456789abcdef", "x", "..", "%2e%2e", "..%5c..", "C:", "%00", "0123456789ABCDEF", "0" * 500])
@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("GET", ""),
        ("GET", "/events"),
        ("GET", "/preview"),
        ("GET", "/result"),
        ("GET", "/thumbnail"),
        ("POST", "/cancel"),
        ("POST", "/finish"),
        ("DELETE", ""),
    ],
)
def test_unknown_jobs(client, method, tail, id):
    answer = client.request(method, f"/v1/jobs/{id}{tail}")
    assert answer.status_code in (404, 405)
    assert answer.json()["error"]["code"] in ("unknown_job", "not_found", "method_not_allowed")
    if id == "0123456789abcdef":
        refused(answer, 404, "unknown_job")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/stylize"),
        ("DELETE", "/v1/jobs"),
        ("PUT", "/v1/jobs/0123456789abcdef"),
        ("POST", "/health"),
        ("POST", "/v1/jobs/0123456789abcdef/result"),
        ("PATCH", "/v1/styles"),
        ("GET", "/v1/unload"),
    ],
)
def test_wrong_methods_name_the_right_ones(client, method, path):
    answer = client.request(method, path)
    error = refused(answer, 405, "method_not_allowed")
    allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
    assert method not in allowed and "OPTIONS" in allowed
    assert all(name in error["hint"] for name in allowed)


def test_options_names_the_methods_and_head_has_no_body(client):
    assert {"GET", "HEAD", "POST", "OPTIONS"} == {name.strip() for name in client.options("/v1/jobs").headers["Allow"].split(",")}
    answer = client.head("/v1/parameters")
    assert answer.status_code == 200 and answer.content == b"" and int(answer.headers["Content-Length"]) > 1000


def test_a_bug_is_answered_without_its_traceback(daemon, client, monkeypatch, caplog):
    monkeypatch.setattr(daemon.manager, "jobs", lambda **_: 1 / 0)
    refused(client.get("/v1/jobs"), 500, "internal_error")
    assert "ZeroDivisionError" in caplog.text
