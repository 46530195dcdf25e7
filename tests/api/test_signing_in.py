"""How a browser comes to the daemon's page: the token, a cookie, a ticket."""

from __future__ import annotations

import pytest
import requests

from .conftest import TOKEN


@pytest.fixture
def browser(daemon, stranger):
    """A client that has signed in and holds the cookie alone."""
    answer = stranger.post(
        "/session", headers={"Authorization": f"Bearer {TOKEN}", "Origin": daemon.url, "Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 204
    return stranger


def test_the_page_asks_for_the_token_and_then_opens(daemon, stranger):
    asked = stranger.get("/")
    assert asked.status_code == 401
    assert asked.headers["Content-Type"].startswith("text/html")
    assert "impasto open" in asked.text and TOKEN not in asked.text
    cookie = stranger.post("/session", headers={"Authorization": f"Bearer {TOKEN}"}).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and f"impasto-{daemon.port}=" in cookie and TOKEN not in cookie
    assert stranger.get("/").status_code == 200


def test_signing_in_takes_the_token_itself(daemon, stranger, browser):
    assert browser.post("/session", headers={"Origin": daemon.url}).status_code == 401
    with requests.Session() as nobody:
        nobody.trust_env = False
        assert nobody.post(daemon.url + "/session").status_code == 401
        assert nobody.post(daemon.url + "/session", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_the_cookie_opens_what_the_token_opens(daemon, browser):
    assert browser.get("/v1/jobs", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200
    assert browser.get("/static/studio.js").status_code == 200
    assert browser.post("/v1/unload", headers={"Origin": daemon.url}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/unload", {}, 401),  # no browser sends a POST without Origin
        ("POST", "/v1/unload", {"Origin": "http://127.0.0.1:1"}, 403),
        ("GET", "/v1/jobs", {"Sec-Fetch-Site": "same-site"}, 401),  # a page of another port, for which SameSite sends the cookie
        ("GET", "/v1/jobs", {"Sec-Fetch-Site": "cross-site"}, 401),
        ("GET", "/v1/jobs", {"Origin": "http://127.0.0.1:1"}, 401),
        ("GET", "/", {"Sec-Fetch-Site": "none"}, 200),
    ],
)
def test_the_cookie_counts_for_our_own_page_only(browser, method, path, headers, status):
    assert browser.request(method, path, headers=headers).status_code == status


def test_signing_out_takes_the_cookie_away(daemon, browser):
    assert browser.delete("/session", headers={"Origin": daemon.url}).status_code == 204
    assert browser.get("/v1/jobs").status_code == 401


def test_signing_out_ends_the_cookie_wherever_it_is_and_no_other(daemon, browser):
    stolen = dict(browser.cookies)
    with daemon.client() as another, requests.Session() as thief:
        assert another.post("/session").status_code == 204
        del another.headers["Authorization"]
        thief.trust_env, thief.cookies = False, requests.utils.cookiejar_from_dict(stolen)
        assert thief.get(daemon.url + "/v1/jobs").status_code == 200
        assert browser.delete("/session", headers={"Origin": daemon.url}).status_code == 204
        assert thief.get(daemon.url + "/v1/jobs").status_code == 401
        assert another.get("/v1/jobs").status_code == 200


def test_browsers_that_have_signed_in_are_few(daemon, client):
    with daemon.client() as first:
        first.post("/session")
        del first.headers["Authorization"]
        assert first.get("/v1/jobs").status_code == 200
        for _ in range(64):
            assert client.post("/session").status_code == 204
        assert first.get("/v1/jobs").status_code == 401


def test_another_daemons_cookie_is_worth_nothing(daemon, stranger):
    for value in ("", TOKEN, "0" * 64):
        assert stranger.get("/v1/jobs", headers={"Cookie": f"impasto-{daemon.port}={value}"}).status_code == 401


# -- a ticket to sign in -------------------------------------------------------------------------------------------


def signs_in(daemon, ticket: str, **headers: str) -> bool:
    with daemon.client(token="") as nobody:
        answer = nobody.post("/session", headers={"Authorization": f"Ticket {ticket}", **headers})
        assert ("Set-Cookie" in answer.headers) == answer.ok
        return answer.ok and nobody.get("/v1/jobs").ok


def test_a_ticket_signs_in_once(daemon, client):
    ticket = client.post("/session/ticket").json()["ticket"]
    assert signs_in(daemon, ticket, Origin=daemon.url) and not signs_in(daemon, ticket)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/jobs"), ("POST", "/session/ticket"), ("POST", "/v1/unload"), ("DELETE", "/session"), ("GET", "/")],
)
def test_a_ticket_opens_nothing_else(client, stranger, method, path):
    ticket = client.post("/session/ticket").json()["ticket"]
    assert stranger.request(method, path, headers={"Authorization": f"Ticket {ticket}"}).status_code == 401


def test_only_the_token_gets_a_ticket(daemon, stranger, browser):
    assert browser.post("/session/ticket", headers={"Origin": daemon.url}).status_code == 401


def test_tickets_grow_old_and_are_few(daemon, client, monkeypatch):
    from impasto.api import tickets

    first = client.post("/session/ticket").json()["ticket"]
    for _ in range(tickets.MAX_TICKETS):
        last = client.post("/session/ticket").json()["ticket"]
    assert not signs_in(daemon, first)
    monkeypatch.setattr(tickets.time, "monotonic", lambda now=tickets.time.monotonic: now() + tickets.LIFETIME_S)
    assert not signs_in(daemon, last)


@pytest.mark.parametrize("ticket", ["", " ", "x", TOKEN, "0" * 5000, "\u00e9"])
def test_a_ticket_that_is_none(daemon, stranger, ticket):
    assert not signs_in(daemon, ticket.encode().decode("latin-1"))
