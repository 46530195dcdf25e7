"""Every route against whoever may not use it: without the token, from elsewhere, by other methods, under names that lead astray."""

from __future__ import annotations

import base64
import json

import pytest
from api.raw import exchange

from .routes import CHANGING, PATHS, PUBLIC, ROUTES, WITH_ID, filled

BODY = b'{"token": "%s", "access_token": "%s"}'

# name -> query, headers; {token}, {basic} and {port} are filled in
UNAUTHENTICATED = {
    "no token": ("", {}),
    "an empty header": ("", {"Authorization": ""}),
    "the scheme alone": ("", {"Authorization": "Bearer"}),
    "the scheme and a space": ("", {"Authorization": "Bearer "}),
    "a wrong token": ("", {"Authorization": "Bearer wrong"}),
    "the token cut": ("", {"Authorization": "Bearer {cut}"}),
    "the token and more": ("", {"Authorization": "Bearer {token}x"}),
    "the token without its scheme": ("", {"Authorization": "{token}"}),
    "as Basic": ("", {"Authorization": "Basic {basic}"}),
    "as a user's name": ("", {"Authorization": "Basic {basic_user}"}),
    "as Digest": ("", {"Authorization": 'Digest username="{token}"'}),
    "as a ticket": ("", {"Authorization": "Ticket {token}"}),
    "under another header": ("", {"X-Auth-Token": "{token}", "X-Api-Key": "{token}", "Token": "{token}"}),
    "for the proxy": ("", {"Proxy-Authorization": "Bearer {token}"}),
    "with an underscore": ("", {"HTTP_AUTHORIZATION": "Bearer {token}"}),
    "as a cookie": ("", {"Cookie": "token={token}; impasto-{port}={token}; Authorization=Bearer {token}"}),
    "as a cookie of no value": ("", {"Cookie": "impasto-{port}="}),
    "in the query": ("?token={token}", {}),
    "in the query, otherwise named": ("?key={token}&api_key={token}&Authorization=Bearer%20{token}", {}),
    "as a name in the query": ("?{token}", {}),
    "as the address's user": ("", {"Host": "{token}@127.0.0.1:{port}"}),
    "as the referrer": ("", {"Referer": "http://127.0.0.1:{port}/#token={token}"}),
    "from this machine, it says": ("", {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}),
    "as the user, it says": ("", {"X-Remote-User": "root", "Remote-User": "root", "X-Forwarded-User": "root"}),
    "as our own page, it says": ("", {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}),
}

FOREIGN_HOSTS = {
    "another host": {"Host": "evil.example"},
    "another host with our port": {"Host": "evil.example:{port}"},
    "ours as a subdomain": {"Host": "127.0.0.1.evil.example:{port}"},
    "no host": {"Host": ""},
}

FOREIGN_ORIGINS = {
    "another site": {"Origin": "https://evil.example"},
    "nobody": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "across sites": {"Sec-Fetch-Site": "cross-site"},
    "the same site": {"Sec-Fetch-Site": "same-site"},
}


def send(target, method: str, path: str, headers: dict[str, str], *, token: str = "", body: bytes = b""):
    """One request by hand; ``path`` and headers have their places filled."""
    placeholders = {
        "token": target.token,
        "cut": target.token[:-1],
        "port": target.port,
        "basic": base64.b64encode(f"impasto:{target.token}".encode()).decode(),
        "basic_user": base64.b64encode(f"{target.token}:".encode()).decode(),
    }
    given = {"Host": "127.0.0.1:{port}", **({"Authorization": "Bearer {token}"} if token else {}), **headers}
    lines = [
        f"{method} {path.format(**placeholders)} HTTP/1.1",
        *(f"{name}: {value.format(**placeholders)}" for name, value in given.items()),
    ]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return target.send("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)


def assert_refused(answer, statuses: set[int], codes: set[str]) -> None:
    status, headers, body = answer
    assert status in statuses, (status, body[:300])
    assert headers["x-content-type-options"] == "nosniff" and "server" not in headers
    if headers["content-type"].startswith("application/json") and body:
        assert json.loads(body)["error"]["code"] in codes


@pytest.mark.parametrize("who", UNAUTHENTICATED)
def test_no_stranger_is_let_in_anywhere(target, who):
    query, headers = UNAUTHENTICATED[who]
    for method, path in [*ROUTES, *(("HEAD", path) for path in PATHS), *(("OPTIONS", path) for path in PATHS)]:
        if (method, path) in PUBLIC and not query.startswith("?token"):
            continue
        answer = send(target, method, filled(path) + query, headers)
        assert_refused(answer, {401, 403} if "Host" in headers else {401}, {"unauthorised", "forbidden"})
        assert answer[1].get("www-authenticate", "").startswith("Bearer") or answer[0] == 403
        assert "set-cookie" not in answer[1]


def test_the_token_in_a_body_opens_nothing(target):
    for method, path in CHANGING:
        body = BODY.replace(b"%s", target.token.encode())
        assert_refused(send(target, method, filled(path), {}, body=body), {401}, {"unauthorised"})


@pytest.mark.parametrize("where", FOREIGN_HOSTS)
def test_no_foreign_host_is_answered_anywhere(target, where):
    """Not even with the token: a page that has made its name point here has none, but a stolen one must not help it."""
    for method, path in ROUTES:
        assert_refused(
            send(target, method, filled(path), FOREIGN_HOSTS[where], token="yes"), {400, 403}, {"forbidden", "malformed_request"}
        )


@pytest.mark.parametrize("page", FOREIGN_ORIGINS)
def test_no_foreign_page_changes_anything(target, page):
    for method, path in CHANGING:
        assert_refused(send(target, method, filled(path), FOREIGN_ORIGINS[page], token="yes"), {403}, {"forbidden"})


@pytest.mark.parametrize("page", FOREIGN_ORIGINS)
def test_no_foreign_page_is_allowed_to_read(target, page):
    for path in PATHS:
        for method, more in (("GET", {}), ("OPTIONS", {"Access-Control-Request-Method": "POST"})):
            _, headers, _ = send(target, method, filled(path), {**FOREIGN_ORIGINS[page], **more}, token="yes")
            assert not [name for name in headers if name.startswith("access-control")]
            assert headers["cross-origin-resource-policy"] == "same-origin"


# -- methods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "method",
    ["PUT", "TRACE", "CONNECT", "PROPFIND", "MKCOL", "COPY", "LOCK", "LINK", "PURGE", "DEBUG", "GETX", "M-SEARCH"],
)
def test_no_other_method_is_known_to_any_route(target, method):
    for path in PATHS:
        status, headers, _ = send(target, method, filled(path), {}, token="yes")
        assert status == 405 and headers["allow"], (path, status)


def test_a_method_that_a_route_does_not_take_is_told_which_it_takes(target):
    takes = {path: {m for m, p in ROUTES if p == path} for path in PATHS}
    for path, methods in takes.items():
        for method in {"GET", "POST", "PATCH", "DELETE"} - methods:
            status, headers, _ = send(target, method, filled(path), {}, token="yes")
            assert status == 405 and methods <= {m.strip() for m in headers["allow"].split(",")}, (method, path)


@pytest.mark.parametrize("method", ["PUT", "TRACE", "DELETE"])
def test_so_is_one_with_a_body(target, method):
    """It is refused before the body comes, by other code."""
    status, headers, _ = send(target, method, "/v1/stylize", {}, token="yes", body=b"{}")
    assert status == 405 and "POST" in headers["allow"]


def test_asking_for_the_head_changes_nothing_and_brings_no_body(target):
    for path in PATHS:
        status, _, body = send(target, "HEAD", filled(path), {}, token="yes")
        assert status in (200, 400, 404, 405) and (not body or status == 405), path  # 400: a query is missing


# -- ids -----------------------------------------------------------------------------------------------------------

IDS = {
    "dots": "..", "encoded dots": "%2e%2e", "twice encoded dots": "%252e%252e", "up and away": "..%2f..%2f..%2fetc%2fpasswd",
    "backslashes": "..%5c..%5cwindows", "overlong dots": "%c0%ae%c0%ae%c0%af", "full-width dots": "%EF%BC%8E%EF%BC%8E",
    "a path": "%2fetc%2fpasswd", "a drive": "C:%5cWindows", "a drive's own folder": "C:", "a share": "%5c%5chost%5cshare",
    "a device": "CON", "a device with an ending": "nul.png", "a stream": "great-wave::$DATA", "a NUL": "great-wave%00",
    "a NUL and an ending": "great-wave%00.png", "a line end": "great-wave%0a", "lines": "x%0d%0aSet-Cookie:%20a=b",
    "a tab": "great-wave%09", "a space behind": "great-wave%20", "a space before": "%20great-wave", "a dot behind": "great-wave.",
    "an ending": "great-wave.jpg", "capitals": "GREAT-WAVE", "a look-alike": "gr%D0%B5at-wave",
    "a combining letter": "great-wav%65%CC%81", "right to left": "%E2%80%AEevaw-taerg", "no width": "great%E2%80%8B-wave",
    "not UTF-8": "%ff%fe", "half a letter": "%C3", "a surrogate": "%ED%A0%80", "an emoji": "%F0%9F%8E%A8",
    "SQL": "'%20OR%20'1'='1", "SQL with an end": "x';DROP%20TABLE%20jobs;--", "a wildcard": "%25", "another wildcard": "*",
    "a question": "%3f", "a template": "%7b%7b7*7%7d%7d", "a format": "%7b0.__class__%7d", "percent s": "%25s%25n",
    "a shell": "$(id)", "backticks": "%60id%60", "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "a number": "1",
    "a negative number": "-1", "a large number": "9" * 400, "hexadecimal": "0x10", "nothing": "%20", "null": "null",
    "undefined": "undefined", "true": "true", "a list": "[]", "an object": "%7b%7d", "very long": "a" * 8000,
    "a job's id in capitals": "0123456789ABCDEF", "a job's id and more": "0123456789abcdef0", "a job's id cut": "0123456789abcde",
    "a job's id with a dash": "01234567-89abcdef", "one that is not there": "fedcba9876543210", "an own file": "great-wave.json",
    "a folder's name": "styles", "a hidden file": ".lock", "a half-written file": ".great-wave.part",
    "the prototype": "__proto__", "an upload": "upload:0", "a plus": "great+wave", "a semicolon": "great-wave;x=y",
    "a hash": "great-wave%23", "an ampersand": "a%26b",
}  # fmt: skip


@pytest.mark.parametrize("name", IDS)
def test_no_id_leads_astray(target, name):
    for method, path in WITH_ID:
        address = filled(path, IDS[name]).replace("{", "{{").replace("}", "}}")
        status, headers, body = send(target, method, address, {}, token="yes")
        assert status in (400, 404, 405), (method, path, status)
        assert "set-cookie" not in headers and not set(b"<\\\0") & set(body.replace(b'\\"', b""))
        assert b"passwd" not in body or b"/etc" not in body


def test_the_shipped_styles_stay(target):
    with target.client() as client:
        assert client.delete("/v1/styles/great-wave").status_code == 409
        assert client.get("/v1/styles/great-wave/picture").status_code == 200


# -- what every answer carries -------------------------------------------------------------------------------------


def test_every_answer_is_hardened_whatever_it_is(target):
    requests = [(method, filled(path), token) for method, path in ROUTES for token in ("yes", "")]
    requests += [
        (*wrong, "yes")
        for wrong in (("GET", "/nothing"), ("GET", "/v1/jobs?limit=x"), ("PUT", "/"), ("GET", "http://evil.example/"))
    ]
    for method, path, token in requests:
        status, headers, _ = send(target, method, path, {}, token=token)
        at = (method, path, status)
        assert headers["x-content-type-options"] == "nosniff", at
        assert headers["x-frame-options"] == "DENY" and "frame-ancestors 'none'" in headers["content-security-policy"], at
        assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer", at
        assert not {"server", "x-powered-by", "via", "etag", "last-modified"} & set(headers), at
        assert status == 204 or "content-type" in headers, at


def test_nothing_is_said_of_a_request_that_is_no_request(target):
    for text in (b"\x00\x00\x00\x00", b"GET", b"GET / HTTP/1.1\r\nHost", b"\xff" * 100):
        status, headers, body = exchange(target.port, text + b"\r\n\r\n")
        if status:
            target.check(status, headers, body)
            assert status == 400 and headers["x-content-type-options"] == "nosniff"
