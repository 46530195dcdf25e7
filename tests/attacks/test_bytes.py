"""Requests that were right before their bytes were changed: cut, flipped, repeated, spliced. `FUZZ=5000` tries so many."""

from __future__ import annotations

import os

from api import pictures
from api.raw import exchange, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from images.test_fuzz import changed, changes

EXAMPLES = int(os.environ.get("FUZZ", "300"))

PART = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'


def form(*parts: tuple[str, str, bytes]) -> bytes:
    return (
        b"".join(
            b"--limit\r\n" + PART.format(name, f'; filename="{file}"' if file else "").encode() + body + b"\r\n"
            for name, file, body in parts
        )
        + b"--limit--\r\n"
    )


def request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """With places for the port and the token, which are filled in after the bytes have been changed."""
    sized = [f"Content-Length: {len(body)}"] if body and not any("chunked" in header for header in headers) else []
    own = ("Host: 127.0.0.1:PORT", "Authorization: Bearer TOKEN", "Connection: close")
    return "\r\n".join([line + " HTTP/1.1", *own, *headers, *sized, "", ""]).encode() + body


MULTIPART = "Content-Type: multipart/form-data; boundary=limit"
PAINTING = form(("content", "a.png", pictures.png()), ("style", "", b"no-such-style"), ("strength", "", b"0.5"))
HALF = pictures.png()[:-9]
CHUNKS = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (PAINTING[:100], PAINTING[100:])) + b"0\r\n\r\n"

SEEDS = [
    request("GET /v1/jobs?limit=5&state=done"),
    request("GET /v1/jobs/0123456789abcdef/events", "Last-Event-ID: 3"),
    request("GET /v1/styles/great-wave/picture", "Accept: image/png;q=0.5, */*", "Range: bytes=0-10"),
    request("GET /", "Cookie: impasto-PORT=0123456789", "Sec-Fetch-Site: same-origin"),
    request("POST /v1/jobs", MULTIPART, "Idempotency-Key: a-key", "Impasto-Lease: 30", body=PAINTING),
    request("POST /v1/jobs", MULTIPART, "Transfer-Encoding: chunked", body=CHUNKS),
    request("POST /v1/stylize", MULTIPART, "Expect: 100-continue", body=PAINTING),
    request("POST /v1/styles", MULTIPART, body=form(("picture", "a.png", HALF), ("name", "", b"Name"))),
    request("POST /v1/styles/train", MULTIPART, body=form(("picture", "a.png", HALF), ("name", "", b"x"), ("steps", "", b"1"))),
    request("POST /v1/unload", "Content-Type: application/json", body=b'{"a": 1}'),
    request("OPTIONS /v1/jobs", "Origin: http://127.0.0.1:PORT", "Access-Control-Request-Method: POST"),
    request("DELETE /v1/styles/no-such-style", "Origin: http://127.0.0.1:PORT"),
]


@settings(max_examples=EXAMPLES, deadline=None, derandomize="FUZZ" not in os.environ, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SEEDS), changes, st.binary(max_size=30))
def test_changed_requests(target, seed, steps, behind):
    data = changed(seed, steps).replace(b"PORT", str(target.port).encode()).replace(b"TOKEN", target.token.encode())
    status, headers, body = exchange(target.port, data + behind, half_close=True, timeout=20)
    if status == 100:  # go on, it says, and the answer proper follows
        status, headers, body = parse(body)
    assert status == 0 or 200 <= status < 500 or status == 503, (status, data, body)
    if target.token.encode() not in data:
        assert status == 0 or status >= 400, (status, data)
    if "content-length" in headers:  # what was one request may have become two
        target.check(status, headers, body[: int(headers["content-length"])])
