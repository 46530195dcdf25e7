"""Every parameter of every form against every sort of odd value, and names and headers that are free text. Nothing is accepted."""

from __future__ import annotations

import json

import pytest
from api import pictures
from impasto.stylization import Stylization
from impasto.training import Training

PHOTO = pictures.png()

NUMBERS = {
    "nan": "nan", "NaN": "NaN", "infinity": "inf", "minus infinity": "-Infinity", "too large for a float": "1e999",
    "huge": "9" * 300, "huge and negative": "-" + "9" * 300, "past 64 bits": str(2**64), "digits without end": "1" * 100_000,
    "a long fraction": "0." + "0" * 5000 + "1", "hexadecimal": "0x10", "octal": "0o17", "an underscore": "1_0",
    "other digits": "\u0661", "full width": "\uff11", "a superscript": "\u00b2", "a fraction sign": "\u00bd",
    "two numbers": "1 2", "a comma": "1,5", "two points": "1.2.3", "a sum": "1+1", "a power": "9**9**9",
    "a call": "__import__('os')", "a word": "one", "true": "true", "null": "null", "a list": "[1]", "an object": '{"a":1}',
    "quotes": '"1"', "a NUL": "1\x00", "a line": "1\n2", "a minus sign": "\u22121", "an exponent without end": "1e" + "9" * 1000,
    "a tiny one": "1e-99999", "a space": " ", "nothing": "", "a format": "%s%n", "a template": "{{7*7}}", "a shell": "$(id)",
    "SQL": "1; DROP TABLE jobs", "complex": "1j",
}  # fmt: skip

FITTING = ("a tiny one", "a comma", "nothing", "a space")
"""What is right for some parameter: a list of numbers has commas, and may be empty."""

REFUSED = ((400, "invalid_parameter"), (413, "request_too_large"))

TEXTS = {
    "NUL": "a\x00b", "escape": "\x1b[31mred", "a bell": "\x07", "backspaces": "a\x08\x08b", "lines": "a\r\nSet-Cookie: x=y",
    "a tab": "a\tb", "right to left": "\u202egnp.exe", "no width": "a\u200bb\ufeff", "a lone accent": "\u0301",
    "many accents": "a" + "\u0301" * 5000, "a surrogate": b"\xed\xa0\x80", "not UTF-8": b"\xff\xfe\xfd",
    "overlong": b"\xc0\xaf\xc0\xaf", "half a letter": b"\xe2\x82", "not a letter": "\uffff",
    "beyond the first plane": "\U0010ffff", "an emoji family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "a script": "<script>alert(1)</script>", "an image": "<img src=x onerror=alert(1)>", "SQL": "'; DROP TABLE jobs; --",
    "a path": "../../etc/passwd", "a Windows path": "C:\\Windows\\win.ini", "a device": "CON", "percent": "%00%2e%2e%2f",
    "a format": "%s%n{0.__class__}", "a template": "{{config}}${7*7}", "long": "x" * 100_000, "spaces": "   ", "nothing": "",
    "a private letter": "\ue000", "a paragraph sign": "a\u2029b", "a tag": "\U000e0041", "line separator": "a\u2028b",
}  # fmt: skip


def answered(target, path: str, fields: list[tuple[str, str | bytes]], file: str, **headers: str) -> tuple[int, dict]:
    """The status of a form, and the error in its answer. ``fields`` may hold bytes that are no text."""
    parts = [(name, (None, value)) for name, value in fields]
    with target.client() as client:
        answer = client.post(path, files=[(file, ("a.png", PHOTO)), *parts], headers=headers)
    target.check(answer.status_code, answer.headers, answer.content)
    return answer.status_code, json.loads(answer.content).get("error", {})


@pytest.mark.parametrize("name", NUMBERS)
def test_no_odd_number_is_taken(target, name):
    """What is a number for this parameter after all goes on to be refused for the style that does not exist."""
    for parameter in Stylization.parameters():
        if parameter.name != "style":
            status, error = answered(target, "/v1/jobs", [("style", "no-such-style"), (parameter.name, NUMBERS[name])], "content")
            fits = name in FITTING and error["code"] in ("unknown_style", "style_not_learnt")
            assert fits or (status, error["code"]) in REFUSED, (parameter.name, error)
            assert fits or status == 413 or error["field"] == parameter.name
    for parameter in Training.parameters():
        fields = [("name", "x"), (parameter.name, NUMBERS[name]), ("seed" if parameter.name != "seed" else "steps", "x")]
        status, error = answered(target, "/v1/styles/train", fields, "picture")
        assert (status, error["code"]) in REFUSED, (parameter.name, error)


@pytest.mark.parametrize("name", TEXTS)
def test_no_odd_text_gets_into_trouble(target, name):
    text = TEXTS[name]
    for field in ("style", "format", "method", "style_layers", "style_weights"):
        fields = [(field, text)] if field == "style" else [("style", "no-such-style"), (field, text)]
        assert answered(target, "/v1/jobs", fields, "content")[0] in (400, 404, 413), field
    with target.client() as client:
        answer = client.post("/v1/styles", files=[("picture", ("a.png", PHOTO)), ("name", (None, text))])
        target.check(answer.status_code, answer.headers, answer.content)
        assert answer.status_code in (201, 400)
        if answer.status_code == 201:
            style = answer.json()
            assert style["title"].isprintable() and style["id"].isascii() and len(style["title"]) <= 120
            assert client.delete(style["links"]["self"]).status_code == 204


@pytest.mark.parametrize("name", [name for name in TEXTS if isinstance(TEXTS[name], str)])
def test_a_name_of_a_field_may_be_anything_but_known(target, name):
    assert answered(target, "/v1/jobs", [("style", "great-wave"), (TEXTS[name][:2000] or " ", "1")], "content")[0] in (400, 413)


@pytest.mark.parametrize("key", ["a" * 201, "a b", "a\tb", "\u00e9", "a,b c"])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stylize", "/v1/styles/train"])
def test_an_idempotency_key_is_plain(target, path, key):
    file, fields = ("picture", [("name", "x")]) if path.endswith("train") else ("content", [("style", "great-wave")])
    status, error = answered(target, path, fields, file, **{"Idempotency-Key": key.encode().decode("latin-1")})
    assert (status, error["code"]) == (400, "malformed_request") and error["field"] == "Idempotency-Key"


@pytest.mark.parametrize("lease", ["0", "-1", "nan", "inf", "1e9", "1_0", "0x10", "\u0661", "1,2", "9" * 500])
def test_a_lease_is_a_plain_number(target, lease):
    headers = {"Impasto-Lease": lease.encode().decode("latin-1")}
    assert answered(target, "/v1/jobs", [("style", "great-wave")], "content", **headers)[0] == 400


JSON = {
    "deep lists": "[" * 60_000, "deep objects": '{"a":' * 10_000, "the same name twice": '{"a":1,"a":2}',
    "not a number": '{"a":NaN}', "huge": "9" * 60_000, "half": '{"a"', "not UTF-8": "\xff\xfe", "a lone surrogate": '"\\ud800"',
    "nothing": "", "null": "null", "the prototype": '{"__proto__":{"admin":true},"constructor":{"prototype":{"a":1}}}',
    "a mark first": "\xef\xbb\xbf{}", "UTF-16": "\xff\xfe{\x00}\x00", "a comment": "/* */ {}", "two": "{}{}",
}  # fmt: skip


@pytest.mark.parametrize("body", JSON.values(), ids=JSON)
def test_nobody_reads_a_body_where_none_is_taken(target, body):
    with target.client() as client:
        for path in ("/v1/unload", "/session/ticket", "/v1/jobs/0123456789abcdef/cancel", "/v1/models/none/pull"):
            answer = client.post(path, data=body.encode("latin-1"), headers={"Content-Type": "application/json"})
            target.check(answer.status_code, answer.headers, answer.content)
            assert answer.status_code in (200, 201, 404)


def test_nothing_was_accepted(target):
    with target.client() as client:
        assert client.get("/v1/jobs?state=queued").json()["jobs"] == []
        assert not [style for style in client.get("/v1/styles").json()["styles"] if style["own"]]
