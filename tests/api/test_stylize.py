"""One call that answers the picture, and what becomes of it when the client hangs up."""

from __future__ import annotations

import io
import socket
import threading
import time

import pytest
from PIL import Image

from . import pictures, script
from .conftest import SLOW, TOKEN, code, stylize_files
from .raw import head, poll

pytestmark = pytest.mark.slow


def test_stylize_answers_the_picture(client):
    answer = client.post(
        "/v1/stylize", files=stylize_files(), data={"style": "great-wave", "iterations": 2}, headers={"Accept": "image/jpeg"}
    )
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    assert client.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()["state"] == "done"


def test_stylize_refuses_before_it_paints(client):
    before = client.get("/v1/jobs").json()["jobs"][:1]
    answer = client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave"}, headers={"Accept": "image/gif"})
    assert code(answer) == (406, "not_acceptable")
    assert client.get("/v1/jobs").json()["jobs"][:1] == before


@pytest.mark.parametrize(("seed", "status", "expected"), [(script.FAILS, 413, "out_of_memory"), (script.DIES, 503, "worker_died")])
def test_stylize_passes_on_why_it_failed_and_the_next_one_works(client, seed, status, expected):
    answer = client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave", "seed": seed})
    assert code(answer) == (status, expected)
    assert client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave", "iterations": 1}).status_code == 200


def test_stylize_cancelled_by_another_client_is_gone(client):
    caught = []
    thread = threading.Thread(
        target=lambda: caught.append(client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave", **SLOW}))
    )
    thread.start()
    job = poll(lambda: client.get("/v1/jobs", params={"state": "running"}).json()["jobs"])[0]
    client.post(job["links"]["cancel"])
    thread.join()
    assert code(caught[0]) == (410, "gone")


def hang_up(daemon, *headers: str) -> None:
    """Ask for a long stylization and leave as soon as it runs."""
    form = []
    for name, value in {"style": "great-wave", **SLOW}.items():
        form.append(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
    body = (
        b"".join(form)
        + b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'
        + pictures.png()
        + b"\r\n--x--\r\n"
    )
    request = head(
        "POST",
        "/v1/stylize",
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: multipart/form-data; boundary=x",
        f"Content-Length: {len(body)}",
        *headers,
        host=f"127.0.0.1:{daemon.port}",
    )
    with socket.create_connection(("127.0.0.1", daemon.port)) as connection:
        connection.sendall(request + body)
        poll(lambda: daemon.manager.jobs(limit=1, state="running"))


def test_a_client_that_hangs_up_cancels_its_job(daemon, client):
    hang_up(daemon)
    job = client.get("/v1/jobs", params={"limit": 1}).json()["jobs"][0]
    assert client.until(job, "cancelled", within=5)


@pytest.mark.slow
def test_a_client_that_hangs_up_but_has_a_key_comes_back_for_its_job(daemon, client):
    hang_up(daemon, "Idempotency-Key: come-back")
    job = client.get("/v1/jobs", params={"limit": 1}).json()["jobs"][0]
    time.sleep(2.5)  # longer than the daemon takes to notice
    assert client.get(job["links"]["self"]).json()["state"] == "running"
    client.post(job["links"]["finish"])
    again = client.post(
        "/v1/stylize", files=stylize_files(), data={"style": "great-wave", **SLOW}, headers={"Idempotency-Key": "come-back"}
    )
    assert again.headers["X-Job-Id"] == job["id"]
