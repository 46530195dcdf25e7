"""Who may talk to the daemon."""

from __future__ import annotations

import hmac
import re

import pytest

from .conftest import SECRET, TOKEN, refused
from .raw import exchange, head

BEARER = f"Authorization: Bearer {TOKEN}"


def sent(port, *headers, host=None, method="GET", path="/v1/jobs"):
    status, answered, body = exchange(port, head(method, path, *headers, host=host))
    return status, answered, body


# -- Host ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LocalHost:{port}", "[::1]:{port}"])
def test_own_names_are_answered(daemon, host):
    assert sent(daemon.port, BEARER, host=host.format(port=daemon.port))[0] == 200


FOREIGN_HOSTS = {
    "another site": "evil.example:{port}",
    "without a port": "127.0.0.1",
    "another port": "127.0.0.1:1",
    "a port that only starts alike": "127.0.0.1:{port}0",
    "a port with a leading zero": "127.0.0.1:0{port}",
    "ours as the beginning of a name": "127.0.0.1.evil.example:{port}",
    "ours as the end of a name": "evil-localhost:{port}",
    "a subdomain of localhost": "evil.localhost:{port}",
    "a trailing dot": "localhost.:{port}",
    "user information": "localhost:{port}@evil.example:{port}",
    "user information before us": "evil@127.0.0.1:{port}",
    "two in one": "127.0.0.1:{port}, evil.example",
    "the address in decimal": "2130706433:{port}",
    "the address in short": "127.1:{port}",
    "the address in hexadecimal": "0x7f000001:{port}",
    "the address in octal": "0177.0.0.1:{port}",
    "all addresses": "0.0.0.0:{port}",
    "another loopback address": "127.0.0.2:{port}",
    "IPv6 without brackets": "::1:{port}",
    "IPv6 spelt out": "[0:0:0:0:0:0:0:1]:{port}",
    "IPv4 in IPv6": "[::ffff:127.0.0.1]:{port}",
    "full-width digits": "１27.0.0.1:{port}",
    "a path": "127.0.0.1:{port}/",
    "a tab inside": "127.0.0.1\t:{port}",
    "a scheme": "http://127.0.0.1:{port}",
    "nothing": "",
}


@pytest.mark.parametrize("host", FOREIGN_HOSTS.values(), ids=FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/v1/jobs", "/health", "/"])
def test_foreign_hosts_are_refused_even_with_the_token(daemon, host, path):
    line = host.format(port=daemon.port).encode().decode("latin-1")
    status, _, body = sent(daemon.port, BEARER, host=line, path=path)
    assert status in (400, 403)
    assert b"forbidden" in body if status == 403 else b"malformed_request" in body


def test_a_refused_host_is_told_which_setting_would_let_it_in(daemon):
    assert b"allowed_hosts" in sent(daemon.port, BEARER, host="evil.example")[2]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ("Host: 127.0.0.1:{port}", "Host: 127.0.0.1:{port}"),
        ("Host: 127.0.0.1:{port}", "Host: evil.example"),
        ("Host: evil.example", "Host: 127.0.0.1:{port}"),
        ("Host : 127.0.0.1:{port}",),
        ("X_Host: 127.0.0.1:{port}",),
        ("X-Forwarded-Host: 127.0.0.1:{port}",),
        ("Host: evil.example", "X-Forwarded-Host: 127.0.0.1:{port}"),
    ],
    ids=[
        "missing",
        "doubled",
        "doubled, ours first",
        "doubled, ours last",
        "a space before the colon",
        "another header",
        "forwarded",
        "forwarded over",
    ],
)
def test_missing_and_doubled_hosts_are_refused(daemon, headers):
    assert sent(daemon.port, BEARER, *(line.format(port=daemon.port) for line in headers))[0] in (400, 403)


def test_http_1_0_without_a_host_is_refused(daemon):
    assert exchange(daemon.port, f"GET /v1/jobs HTTP/1.0\r\n{BEARER}\r\n\r\n".encode())[0] == 403


def test_an_address_in_the_request_line_must_be_ours_too(daemon):
    own = f"127.0.0.1:{daemon.port}"
    assert sent(daemon.port, BEARER, host=own, path=f"http://{own}/v1/jobs")[0] == 200
    assert sent(daemon.port, BEARER, host=own, path="http://evil.example/v1/jobs")[0] == 403


def test_allowed_hosts_are_answered_and_nothing_like_them(make_daemon):
    port = make_daemon(allowed_hosts=["studio.lan", "proxy.lan:8443"]).port
    for host, status in {
        f"studio.lan:{port}": 200,
        "studio.lan": 200,
        "STUDIO.LAN": 200,
        "proxy.lan:8443": 200,
        "proxy.lan": 403,
        f"proxy.lan:{port}": 403,
        "studio.lan:1": 403,
        "a.studio.lan": 403,
        "studio.lan.": 403,
    }.items():
        assert sent(port, BEARER, host=host)[0] == status, host


def test_listening_everywhere_takes_any_address_but_no_foreign_name(make_daemon):
    port = make_daemon(host="0.0.0.0").port
    for host, status in {
        f"192.168.1.7:{port}": 200,
        f"[fe80::1]:{port}": 200,
        f"127.0.0.1:{port}": 200,
        f"evil.example:{port}": 403,
        f"127.1:{port}": 403,
        "192.168.1.7": 403,
        f"192.168.1.7.evil.example:{port}": 403,
    }.items():
        assert sent(port, BEARER, host=host)[0] == status, host


# -- Origin --------------------------------------------------------------------------------------------------------

OWN = "http://127.0.0.1:{port}"

ORIGINS = {
    "curl sends none": ({}, True),
    "our own page": ({"Origin": OWN, "Sec-Fetch-Site": "same-origin"}, True),
    "our own page, old browser": ({"Origin": OWN}, True),
    "upper case": ({"Origin": "HTTP://127.0.0.1:{port}"}, True),
    "typed by the user": ({"Sec-Fetch-Site": "none"}, True),
    "another site": ({"Origin": "https://evil.example"}, False),
    "null (a sandboxed page, a file)": ({"Origin": "null"}, False),
    "NULL": ({"Origin": "NULL"}, False),
    "https instead of http": ({"Origin": "https://127.0.0.1:{port}"}, False),
    "another port": ({"Origin": "http://127.0.0.1:1"}, False),
    "no port": ({"Origin": "http://127.0.0.1"}, False),
    "localhost is not 127.0.0.1": ({"Origin": "http://localhost:{port}"}, False),
    "ours as a beginning": ({"Origin": OWN + ".evil.example"}, False),
    "with a slash": ({"Origin": OWN + "/"}, False),
    "two": ({"Origin": OWN + ", https://evil.example"}, False),
    "cross-site without Origin": ({"Sec-Fetch-Site": "cross-site"}, False),
    "Cross-Site": ({"Sec-Fetch-Site": "Cross-Site"}, False),
    "same site, another port": ({"Sec-Fetch-Site": "same-site"}, False),
    "own Origin but cross-site": ({"Origin": OWN, "Sec-Fetch-Site": "cross-site"}, False),
    "an unknown word": ({"Sec-Fetch-Site": "trust-me"}, False),
}


@pytest.mark.parametrize(("headers", "allowed"), ORIGINS.values(), ids=ORIGINS)
def test_only_our_own_page_and_programs_may_change_things(daemon, client, headers, allowed):
    headers = {name: value.format(port=daemon.port) for name, value in headers.items()}
    answer = client.post("/v1/unload", headers=headers)
    assert answer.status_code == (200 if allowed else 403)
    if not allowed:
        assert answer.json()["error"]["code"] == "forbidden"
        assert "allowed_origins" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT", "PATCH"])
def test_every_unsafe_method_is_held_to_it(client, method):
    assert client.request(method, "/v1/jobs", headers={"Origin": "null"}).status_code == 403


def test_nobody_gets_cors_headers_by_default(client):
    for answer in (
        client.get("/v1/jobs", headers={"Origin": "https://evil.example"}),
        client.options("/v1/jobs", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}),
    ):
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_allowed_origins_get_exact_cors_headers_and_still_need_the_token(make_daemon):
    running = make_daemon(allowed_origins=["https://studio.example"])
    client, stranger = running.client(), running.client(token="")
    preflight = {
        "Origin": "https://studio.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = stranger.options("/v1/jobs", headers=preflight)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "https://studio.example"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert (
        client.post("/v1/unload", headers={"Origin": "https://studio.example", "Sec-Fetch-Site": "cross-site"}).status_code == 200
    )
    assert stranger.post("/v1/unload", headers={"Origin": "https://studio.example"}).status_code == 401
    for origin in ("https://studio.example.evil", "http://studio.example", "https://studio.example:8443", "null"):
        refused = stranger.options("/v1/jobs", headers={**preflight, "Origin": origin})
        assert refused.status_code == 401
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert client.post("/v1/unload", headers={"Origin": origin}).status_code == 403
    assert "Origin" in client.get("/v1/jobs").headers["Vary"]


# -- token ---------------------------------------------------------------------------------------------------------


def routes(app):
    """(method, path) of every route, with something in the place of each variable."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods):
            yield method, re.sub(r"<[^>]+>", "0123456789abcdef", rule.rule)


def test_every_route_but_health_answers_401_without_the_token(daemon, stranger):
    seen = set()
    for method, path in routes(daemon.app):
        answer = stranger.request(method, path)
        open_to_all = path == "/health" and method in ("GET", "HEAD")
        assert answer.status_code == (200 if open_to_all else 401), (method, path)
        if not open_to_all:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            seen.add(path)
        if method not in ("HEAD",) and not open_to_all and path != "/":
            assert answer.json()["error"]["code"] == "unauthorised"
    assert len(seen) > 20


def test_what_is_not_there_is_not_told_without_the_token(stranger):
    assert stranger.get("/nothing").status_code == 401
    assert stranger.post("/health").status_code == 401


def test_health_says_who_it_is_and_nothing_else(stranger):
    assert set(stranger.get("/health").json()) == {"name", "version", "instance"}


def test_health_proves_who_it_is_to_who_has_read_the_runtime_file(stranger):
    challenges = [f"a-challenge-that-nobody-foresaw-{number}" for number in range(2)]
    replies = [stranger.get("/health", headers={"Impasto-Challenge": challenge}).json() for challenge in challenges]
    for challenge, reply in zip(challenges, replies, strict=True):
        assert set(reply) == {"name", "version", "instance", "proof"}
        assert reply["proof"] == hmac.new(SECRET.encode(), b"impasto " + challenge.encode(), "sha256").hexdigest()
    assert replies[0]["proof"] != replies[1]["proof"]


@pytest.mark.parametrize("challenge", ["", "short", "x" * 129, "sixteen letters.", "sechzehn-und-größer"])
def test_an_odd_challenge_is_refused(stranger, challenge):
    reply = stranger.get("/health", headers={"Impasto-Challenge": challenge.encode("latin-1")})
    refused(reply, 400, "malformed_request", "Impasto-Challenge")


WRONG_TOKENS = {
    "empty": "",
    "only the scheme": "Bearer",
    "another token": "Bearer wrong",
    "a prefix": f"Bearer {TOKEN[:-1]}",
    "longer": f"Bearer {TOKEN}x",
    "upper case": f"Bearer {TOKEN.upper()}",
    "another scheme": f"Basic {TOKEN}",
    "no scheme": TOKEN,
    "two": f"Bearer {TOKEN}, Bearer {TOKEN}",
    "quoted": f'Bearer "{TOKEN}"',
    "not ASCII": "Bearer \u00e9\u00e9",
    "None": "Bearer None",
    "a wildcard": "Bearer *",
}


@pytest.mark.parametrize("header", WRONG_TOKENS.values(), ids=WRONG_TOKENS)
def test_wrong_tokens_are_refused(daemon, header):
    status, _, body = sent(daemon.port, f"Authorization: {header}".encode().decode("latin-1"), host=f"127.0.0.1:{daemon.port}")
    assert status == 401
    assert TOKEN.encode() not in body


def test_a_doubled_authorization_is_refused(daemon):
    assert sent(daemon.port, BEARER, BEARER, host=f"127.0.0.1:{daemon.port}")[0] == 401


@pytest.mark.parametrize("header", [f"bearer {TOKEN}", f"BEARER  {TOKEN}"])
def test_the_scheme_is_case_insensitive(daemon, header):
    assert sent(daemon.port, f"Authorization: {header}", host=f"127.0.0.1:{daemon.port}")[0] == 200


@pytest.mark.parametrize("name", ["token", "Token", "access_token"])
def test_tokens_in_the_address_are_refused_even_if_right(client, stranger, name):
    for session in (client, stranger):
        answer = session.get("/v1/jobs", params={name: TOKEN})
        assert answer.status_code == 401
        assert "address" in answer.json()["error"]["message"]
        assert TOKEN not in answer.text


# -- bodies and headers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/v1/unload", "/v1/jobs/0123456789abcdef/cancel", "/v1/jobs/0123456789abcdef/finish", "/v1/models/vgg16/pull", "/session"],
)
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "Text/Plain;charset=utf-8"]
)
def test_json_routes_refuse_what_a_web_form_can_send(client, path, kind):
    answer = client.post(path, data=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_every_answer_is_hardened(client):
    for path in ("/health", "/v1/jobs", "/", "/docs", "/static/studio.css", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers


def test_pages_run_no_inline_and_no_foreign_script(client, stranger):
    for path in ("/", "/docs"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy and "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=", answer.text)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)
    page = stranger.get("/")
    nonce = re.search(r"'nonce-([^']+)'", page.headers["Content-Security-Policy"])[1]
    assert page.text.count(f'nonce="{nonce}"') == len(re.findall(r"<(?:script|style)\b", page.text)) == 2
    assert nonce not in stranger.get("/").text


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2fapp.py", "%2e%2e/security.py", "..\\app.py", "/etc/passwd", "%00", "studio.js%00.css", "nothing.js"]
)
def test_only_the_pages_own_files_are_served(client, name):
    assert client.get(f"/static/{name}").status_code == 404
