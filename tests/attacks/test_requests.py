"""Requests that no library would send. Each is refused, or harmless, and answered in the one shape."""

from __future__ import annotations

import json
import re
import socket

import pytest
from api.raw import exchange

OWN = "127.0.0.1:{port}"


def request(line: str, *headers: str, body: str = "", host: str | None = OWN, token: str = "Bearer {token}") -> str:
    """A request with our Host and token unless told otherwise."""
    lines = [line, *([f"Host: {host}"] if host is not None else []), *([f"Authorization: {token}"] if token else []), *headers]
    return "\r\n".join([*lines, "Connection: close", "", body])


def post(*headers: str, body: str = "", path: str = "/v1/unload", version: str = "HTTP/1.1", **more) -> str:
    return request(f"POST {path} {version}", "Content-Type: application/json", *headers, body=body, **more)


def encoded(encoding: str, path: str) -> str:
    """A form that says that it is packed."""
    return request(f"POST {path} HTTP/1.1", FORM.format("x"), f"Content-Encoding: {encoding}", "Content-Length: 3", body="abc")


ENCODINGS = ("gzip", "br", "identity, gzip", "IDENTITY,deflate")
FORMS = ("/v1/jobs", "/v1/stylize", "/v1/styles", "/v1/styles/train")

CHUNKED, END = "Transfer-Encoding: chunked", "0\r\n\r\n"
FORM = "Content-Type: multipart/form-data; boundary={}"

# name -> request, statuses that may answer it
FRAMING = {
    "a length and chunks": (post("Content-Length: 4", CHUNKED, body=END), {400}),
    "chunks and a length": (post(CHUNKED, "Content-Length: 4", body=END), {400}),
    "two equal lengths": (post("Content-Length: 2", "Content-Length: 2", body="{}"), {400}),
    "two lengths in one": (post("Content-Length: 2, 2", body="{}"), {400}),
    "a length with a sign": (post("Content-Length: +2", body="{}"), {400}),
    "a length below zero": (post("Content-Length: -1"), {400}),
    "a length in hexadecimal": (post("Content-Length: 0x2", body="{}"), {400}),
    "a length with an underscore": (post("Content-Length: 1_0", body="{}"), {400}),
    "a length of 5000 digits": (post(f"Content-Length: {'9' * 5000}"), {400, 413}),
    "a length in other digits": (post("Content-Length: ²", body="{}"), {400}),
    "an empty length": (post("Content-Length:"), {400}),
    "a folded length": (post("Content-Length: 1\r\n 0", body="{}"), {400}),
    "chunked twice": (post("Transfer-Encoding: chunked, chunked", body=END), {400}),
    "chunked in two headers": (post(CHUNKED, CHUNKED, body=END), {400}),
    "chunked and plain": (post("Transfer-Encoding: chunked, identity", body=END), {400}),
    "plain": (post("Transfer-Encoding: identity", "Content-Length: 2", body="{}"), {400}),
    "gzip, then chunked": (post("Transfer-Encoding: gzip, chunked", body=END), {400}),
    "almost chunked": (post("Transfer-Encoding: xchunked", body=END), {400}),
    "chunked, quoted": (post('Transfer-Encoding: "chunked"', body=END), {400}),
    "chunked, with a vertical tab": (post("Transfer-Encoding: \x0bchunked", body=END), {400}),
    "chunked, in capitals": (post("Transfer-Encoding: CHUNKED", body=END), {200}),
    "chunked, folded": (post("Transfer-Encoding:\r\n chunked", body=END), {400}),
    "chunked in HTTP/1.0": (post(CHUNKED, version="HTTP/1.0", body=END), {400}),
    "a space before the colon": (post("Transfer-Encoding : chunked", body=END), {400}),
    "an underscore in the name": (post("Transfer_Encoding: chunked"), {200}),
    "a chunk of negative length": (post(CHUNKED, body="-2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk of no number": (post(CHUNKED, body="zz\r\n"), {400}),
    "a chunk in 0x": (post(CHUNKED, body="0x2\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk longer than it says": (post(CHUNKED, body="1\r\n{}\r\n0\r\n\r\n"), {400}),
    "a chunk of astronomical length": (post(CHUNKED, body="f" * 500 + "\r\n"), {413}),
    "a chunk's line without end": (post(CHUNKED, body="0" * 5000), {400}),
    "an extension without end": (post(CHUNKED, body="2;" + "x" * 5000), {400}),
    "an extension": (post(CHUNKED, body='2;name="value"\r\n{}\r\n0\r\n\r\n'), {200}),
    "a trailer that looks like a header": (post(CHUNKED, body="0\r\nHost: evil.example\r\n\r\n"), {200}),
    "a trailer without end": (post(CHUNKED, body="0\r\n" + "A: b\r\n" * 5000), {400}),
    "a chunk ended by a line feed alone": (post(CHUNKED, body="2\n{}\n0\n\n"), {400}),
    "a request hidden in a body": (post("Content-Length: 30", body="GET /v1/jobs HTTP/1.1\r\nHost: x\r\n\r\n"), {200, 400}),
    "compressed": (post("Content-Encoding: gzip", "Content-Length: 3", body="abc"), {200, 415}),
    **{f"a form in {encoding}, {path}": (encoded(encoding, path), {415}) for encoding in ENCODINGS for path in FORMS},
    "an odd expectation": (post("Expect: a-miracle", "Content-Length: 0"), {417}),
    "a second expectation": (post("Expect: 100-continue, a-miracle", "Content-Length: 0"), {417}),
    "JSON of many MB": (post("Content-Length: 90000000"), {413}),
    "a GET with a body": (request("GET /v1/jobs HTTP/1.1", "Content-Length: 2", body="{}"), {200, 400}),
    "a GET with a large body": (request("GET /v1/jobs HTTP/1.1", "Content-Length: 90000000"), {413}),
}

TARGETS = {
    "OPTIONS *": {400},
    "CONNECT 127.0.0.1:{port}": {400},
    "GET v1/jobs": {400},
    "GET \\v1\\jobs": {400},
    "GET *": {400},
    "GET http://[::1/": {400},
    "GET http://[zz]/": {400},
    "GET http://127.0.0.1:99999/": {403},
    "GET http://": {403, 400},
    "GET http://evil.example/v1/jobs": {403},
    "GET http://127.0.0.1:{port}@evil.example/v1/jobs": {403},
    "GET http://evil.example@127.0.0.1:{port}/v1/jobs": {403},
    "GET HTTP://127.0.0.1:{port}/v1/jobs": {200},
    "GET ftp://127.0.0.1:{port}/v1/jobs": {400},
    "GET file:///etc/passwd": {400},
    "GET http:evil.example": {400, 403},
    "GET //evil.example/v1/jobs": {404},
    "GET ///v1/jobs": {200, 404},
    "GET /v1//jobs": {404},
    "GET /v1/../v1/jobs": {404},
    "GET /v1/./jobs": {404},
    "GET /v1/jobs%00": {404},
    "GET /v1/jobs\x00": {400, 404},
    "GET /%2e%2e/%2e%2e/etc/passwd": {404},
    "GET /v1%2fjobs": {200, 404},
    "GET /v1/jobs;a=b": {404},
    "GET /v1/jobs#x": {200, 400, 404},
    "GET /v1/jobs?" + "a=b&" * 5000: {400},
    "GET /" + "a/" * 5000: {404},
    "GET /v1/jobs/" + "%41" * 5000: {404},
    "GET /\xff\xfe": {400, 404},
    "GET /v1/jobs?state=%ff%fe": {400},
    "GET /v1/jobs?limit=nan": {400},
    "GET /v1/jobs?limit=inf": {400},
    "GET /v1/jobs?limit=1e9999": {400},
    "GET /v1/jobs?limit=2.5": {400},
    "GET /v1/jobs?limit=1_0": {400},
    "GET /v1/jobs?limit=%D9%A3": {400},
    "GET /v1/jobs?limit=-1": {400},
    "GET /v1/jobs?limit=": {400},
    "GET /v1/jobs?limit=" + "9" * 6000: {400},
    "GET /v1/jobs?limit=1&limit=2": {400},
    "GET /v1/jobs?limti=1": {400},
    "GET /v1/jobs?=1": {400},
    "GET /v1/styles?a=b": {200},
}

METHODS = {
    "TRACE /v1/jobs": {405},
    "TRACE /health": {405, 401},
    "CONNECT /v1/jobs": {405},
    "PROPFIND /v1/jobs": {405},
    "BREW /": {405},
    "PUT /v1/jobs": {405},
    "PATCH /v1/styles/great-wave": {400},
    "A" * 9000 + " /v1/jobs": {405},
    "get /v1/jobs": {400},
    "HEAD /v1/jobs": {200},
    "OPTIONS /v1/jobs": {200},
    "DELETE /": {405},
}

HEADERS = {
    "method override": (request("POST /v1/jobs/0123456789abcdef HTTP/1.1", "X-HTTP-Method-Override: DELETE"), {405}),
    "method override, other": (request("POST /v1/styles/great-wave?_method=DELETE HTTP/1.1", "X-Method-Override: DELETE"), {405}),
    "upgrade": (request("GET /v1/jobs HTTP/1.1", "Upgrade: websocket", "Sec-WebSocket-Key: x"), {200}),
    "upgrade to HTTP/2": (request("GET /v1/jobs HTTP/1.1", "Upgrade: h2c", "HTTP2-Settings: x"), {200}),
    "an original URL": (request("GET /health HTTP/1.1", "X-Original-URL: /v1/jobs", "X-Rewrite-URL: /v1/jobs", token=""), {200}),
    "who forwarded it": (request("GET /v1/jobs HTTP/1.1", "X-Forwarded-For: 127.0.0.1", "Forwarded: host=evil.example"), {200}),
    "a range": (request("GET /static/studio.js HTTP/1.1", "Range: bytes=9-2"), {200}),
    "many ranges": (request("GET /static/studio.js HTTP/1.1", f"Range: bytes={'0-,' * 5000}0-"), {200}),
    "a condition": (request("GET /static/studio.js HTTP/1.1", "If-Modified-Since: never", "If-None-Match: *"), {200}),
    "many headers": (request("GET /v1/jobs HTTP/1.1", *(f"X{i}: a" for i in range(2500))), {200}),
    "long headers": (request("GET /v1/jobs HTTP/1.1", f"X: {'a' * 40_000}"), {431}),
    "an Accept of junk": (request("GET /v1/jobs HTTP/1.1", f"Accept: {'a/b;q=nan,' * 2000}"), {200}),
    "cookies of junk": (request("GET / HTTP/1.1", f"Cookie: {'a=b;' * 5000}", token=""), {401}),
    "a folded header": (request("GET /v1/jobs HTTP/1.1", "X: a\r\n b"), {400}),
    "a folded Host": (request("GET /v1/jobs HTTP/1.1", "Host: 127.0.0.1\r\n :{port}", host=None), {400}),
    "a NUL": (request("GET /v1/jobs HTTP/1.1", "X: a\x00b"), {400}),
    "a bare line feed": (request("GET /v1/jobs HTTP/1.1", "X: a\nY: b"), {400}),
    "no colon": (request("GET /v1/jobs HTTP/1.1", "nonsense"), {400}),
    "HTTP/2.0": (request("GET /v1/jobs HTTP/2.0"), {400}),
    "HTTP/0.9": ("GET /v1/jobs\r\n\r\n", {400}),
    "HTTP/9.9": (request("GET /v1/jobs HTTP/9.9"), {400}),
    "HTTP/2's own beginning": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x00" * 50 + "\r\n\r\n", {400}),
    "a mail": ("EHLO example.org\r\n\r\n", {400}),
    "a lease of no number": (post("Impasto-Lease: nan", "Content-Length: 0", path="/v1/jobs"), {400}),
}

FORMS = {
    "no boundary": "multipart/form-data",
    "an empty boundary": 'multipart/form-data; boundary=""',
    "a long boundary": f"multipart/form-data; boundary={'b' * 5000}",
    "a boundary of dashes": "multipart/form-data; boundary=--",
    "a boundary of bytes": "multipart/form-data; boundary=\xff\xfe",
    "two boundaries": "multipart/form-data; boundary=a; boundary=b",
    "a boundary in pieces": "multipart/form-data; boundary*0=a; boundary*999999999=b",
    "a boundary in another alphabet": "multipart/form-data; boundary*=nonsense''%E2%82%AC",
    "a boundary with a line end": 'multipart/form-data; boundary="a\\r\\nb"',
    "mixed": "multipart/mixed; boundary=x",
    "an unknown charset": "multipart/form-data; boundary=x; charset=utf-99",
    "no type": "",
    "two types": "multipart/form-data, text/plain",
    "a quote that never ends": 'multipart/form-data; boundary="x',
    "JSON": "application/json",
    "XML": "application/xml",
}

PARTS = {
    "no name": "Content-Disposition: form-data",
    "no disposition": "Content-Type: text/plain",
    "nothing": "",
    "an attachment": 'Content-Disposition: attachment; name="content"; filename="x"',
    "a name of bytes": 'Content-Disposition: form-data; name="\xff\xfe"',
    "a long name": f'Content-Disposition: form-data; name="{"n" * 5000}"',
    "a name with a NUL": 'Content-Disposition: form-data; name="a\x00b"',
    "a path for a name": 'Content-Disposition: form-data; name="content"; filename="../../../etc/passwd"',
    "a charset that is none": 'Content-Disposition: form-data; name="style"\r\nContent-Type: text/plain; charset=utf-99',
    "an encoded name": "Content-Disposition: form-data; name*=utf-8''%ff%fe",
    "a transfer encoding": 'Content-Disposition: form-data; name="content"; filename="a"\r\nContent-Transfer-Encoding: base64',
    "a thousand headers": 'Content-Disposition: form-data; name="content"' + "\r\nX: y" * 1000,
    "a nested form": 'Content-Disposition: form-data; name="content"\r\nContent-Type: multipart/mixed; boundary=y',
}


def sent(target, text: str):
    return target.send(filled(target, text))


def filled(target, text: str) -> bytes:
    return text.replace("{port}", str(target.port)).replace("{token}", target.token).encode("latin-1")


@pytest.mark.parametrize(("text", "allowed"), [*FRAMING.values(), *HEADERS.values()], ids=[*FRAMING, *HEADERS])
def test_odd_requests(target, text, allowed):
    assert sent(target, text)[0] in allowed


@pytest.mark.parametrize(
    ("start", "allowed"),
    [*TARGETS.items(), *METHODS.items()],
    ids=lambda value: value[:60].encode("unicode_escape").decode() if isinstance(value, str) else "",
)
def test_odd_targets_and_methods(target, start, allowed):
    status, headers, body = sent(target, request(f"{start} HTTP/1.1"))
    assert status in allowed
    if status == 405:
        assert headers["allow"] and json.loads(body)["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("kind", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stylize", "/v1/styles", "/v1/styles/train"])
def test_odd_forms(target, path, kind):
    body = '--x\r\nContent-Disposition: form-data; name="style"\r\n\r\ngreat-wave\r\n--x--\r\n'
    head = request(f"POST {path} HTTP/1.1", *([f"Content-Type: {kind}"] if kind else []), f"Content-Length: {len(body)}", body=body)
    assert sent(target, head)[0] in (400, 413, 415)


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_odd_parts(target, part):
    body = f"--x\r\n{part}\r\n\r\nsomething\r\n--x--\r\n"
    text = request("POST /v1/jobs HTTP/1.1", FORM.format("x"), f"Content-Length: {len(body)}", body=body)
    assert sent(target, text)[0] in (400, 413, 415)


def test_a_body_that_ends_early_is_no_request(target):
    text = request("POST /v1/jobs HTTP/1.1", FORM.format("x"), "Content-Length: 100", body="--x")
    status, _, body = exchange(target.port, filled(target, text), half_close=True)
    assert status in (0, 400), body


# -- without the token ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["Content-Length: 400000000", CHUNKED, "Content-Length: 10\r\nExpect: 100-continue"])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stylize", "/v1/styles", "/nothing", "/health", "/"])
def test_nobody_without_the_token_can_send_a_body(target, path, more):
    """The answer comes before the body does, so that nothing of it is kept."""
    status, _, body = sent(target, request(f"POST {path} HTTP/1.1", FORM.format("x"), more, token=""))
    assert status == 401 and json.loads(body)["error"]["code"] == "unauthorised"


def test_a_foreign_page_cannot_send_a_body_either(target):
    text = request("POST /v1/jobs HTTP/1.1", FORM.format("x"), "Content-Length: 400000000", "Origin: https://evil.example")
    assert sent(target, text)[0] == 403
    text = request("POST /v1/jobs HTTP/1.1", FORM.format("x"), "Content-Length: 400000000", host="evil.example:{port}")
    assert sent(target, text)[0] == 403


def test_a_request_behind_another_is_held_to_the_token_too(target):
    first = request("GET /health HTTP/1.1", token="").replace("Connection: close\r\n", "")
    answers = sent_all(target, first + request("GET /v1/jobs HTTP/1.1", token=""))
    assert re.findall(rb"HTTP/1\.1 (\d+)", answers) == [b"200", b"401"]
    behind_a_refusal = post("Content-Length: 4", CHUNKED, body=END) + request("GET /v1/jobs HTTP/1.1")
    assert len(re.findall(rb"HTTP/1\.1 (\d+)", sent_all(target, behind_a_refusal))) == 1, "nothing behind a refused request is read"


def sent_all(target, text: str) -> bytes:
    with socket.create_connection(("127.0.0.1", target.port), timeout=10) as connection:
        connection.sendall(filled(target, text))
        received = b""
        while part := connection.recv(65536):
            received += part
    return received
