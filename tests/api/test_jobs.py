"""Jobs over HTTP: poll, fetch, stop."""

from __future__ import annotations

import io
import os
import socket
import threading
import time

import numpy as np
import pytest
from impasto import images
from PIL import Image

from . import pictures
from .conftest import SLOW, code, refused, stylize_files
from .raw import exchange, head, poll

pytestmark = pytest.mark.slow

# -- state ---------------------------------------------------------------------------------------------------------


def test_a_job_from_its_submission_to_its_picture(client):
    job = client.until(client.submit(), "done")
    assert (job["step"], job["total"], job["fraction"], job["error"]) == (3, 3, 1.0, None)
    answer = client.get(job["links"]["result"])
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (64, 48)
    listed = client.get("/v1/jobs").json()["jobs"]
    assert listed[0]["id"] == job["id"] and listed[0]["links"] == job["links"]


def test_the_list_is_bounded_and_filtered(client):
    done = [client.until(client.submit(), "done")["id"] for _ in range(3)]
    assert [job["id"] for job in client.get("/v1/jobs", params={"limit": 2}).json()["jobs"]] == done[:0:-1]
    assert {job["state"] for job in client.get("/v1/jobs", params={"state": "done"}).json()["jobs"]} == {"done"}
    for query in ({"limit": 0}, {"limit": "many"}, {"limit": 10**9}, {"state": "asleep"}):
        assert code(client.get("/v1/jobs", params=query)) == (400, "invalid_parameter")


def test_what_waits_says_for_what_in_words(client):
    first = client.until(client.submit(**SLOW), "running")
    second = client.submit()
    assert second["title"] == "The Great Wave off Kanagawa" and second["position"] == 1
    assert second["waiting_for"] == {"id": first["id"], "kind": "stylize", "title": first["title"]}
    both = client.post(
        "/v1/jobs",
        files=[("content", ("photo.png", pictures.png(), "image/png")), ("style", ("own.png", pictures.png(), "image/png"))],
        data={"style": "starry-night", "iterations": 3},
    ).json()
    assert both["title"] == "The Starry Night, a picture of your own" and both["position"] == 2
    for job in (first, second, both):
        client.post(job["links"]["cancel"])


def test_long_polling_answers_with_the_change_and_not_before(client):
    job = client.until(client.submit(**SLOW), "running")
    seen = [job["version"]]
    while len(seen) < 4:
        job = client.get(job["links"]["self"], params={"since": seen[-1], "timeout": 20}).json()
        assert job["version"] > seen[-1]
        seen.append(job["version"])
    client.post(job["links"]["cancel"])


def test_long_polling_gives_up_in_time_and_does_not_wait_for_what_has_ended(client):
    first = client.submit(**SLOW)
    waiting = client.submit()
    began = time.monotonic()
    answer = client.get(waiting["links"]["self"], params={"since": 10**6, "timeout": 0.3}).json()
    assert answer["state"] == "queued" and 0.25 < time.monotonic() - began < 5
    client.post(first["links"]["cancel"])
    done = client.until(waiting, "done")
    began = time.monotonic()
    assert client.get(done["links"]["self"], params={"since": done["version"], "timeout": 30}).json() == done
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "query",
    [
        {"since": "x"},
        {"since": -1},
        {"since": 1, "timeout": "long"},
        {"since": 1, "timeout": 1e9},
        {"since": "nan"},
        {"since": 1, "timeout": "nan"},
    ],
)
def test_wrong_polls_are_refused(client, query):
    job = client.submit()
    assert code(client.get(job["links"]["self"], params=query)) == (400, "invalid_parameter")


def test_status_is_quick_while_a_job_runs_and_others_wait(client):
    job = client.until(client.submit(**SLOW), "running")
    listeners = [
        threading.Thread(target=client.get, args=(job["links"]["self"],), kwargs={"params": {"since": 10**6, "timeout": 3}})
        for _ in range(6)
    ]
    for listener in listeners:
        listener.start()
    times = []
    for _ in range(30):
        began = time.monotonic()
        assert client.get(job["links"]["self"]).json()["state"] == "running"
        times.append(time.monotonic() - began)
    client.post(job["links"]["cancel"])
    for listener in listeners:
        listener.join()
    assert sorted(times)[len(times) // 2] < 0.1


# -- pictures ------------------------------------------------------------------------------------------------------


def test_pictures_before_their_time_and_after_their_end(client):
    running = client.until(client.submit(**SLOW), "running")
    assert code(client.get(running["links"]["result"])) == (409, "not_ready")
    poll(lambda: client.get(running["links"]["preview"]).status_code == 200)
    waiting = client.submit()
    for name in ("preview", "result", "thumbnail"):
        assert code(client.get(waiting["links"][name])) == (409, "not_ready")
        client.post(waiting["links"]["cancel"]) if name == "thumbnail" else None
    for name in ("preview", "result", "thumbnail"):
        assert code(client.get(waiting["links"][name])) == (410, "gone")
    client.post(running["links"]["cancel"])


def test_previews_and_thumbnails_are_pngs(client):
    job = client.until(client.submit(), "done")
    for name in ("preview", "thumbnail"):
        answer = client.get(job["links"][name])
        assert answer.headers["Content-Type"] == "image/png"
        Image.open(io.BytesIO(answer.content)).verify()


@pytest.mark.parametrize(
    ("content", "asked", "accept", "made"),
    [
        ("PNG", "", None, "image/png"),
        ("PNG", "", "*/*", "image/png"),
        ("PNG", "", "application/json", "image/png"),
        ("JPEG", "", None, "image/png"),
        ("WEBP", "", "*/*", "image/png"),
        ("TIFF", "", None, "image/tiff"),
        ("PNG", "jpeg", None, "image/jpeg"),
        ("PNG", "JPG", None, "image/jpeg"),
        ("PNG", "tif", None, "image/tiff"),
        ("PNG", "npy", None, "application/x-npy"),
        ("PNG", "", "image/webp", "image/webp"),
        ("PNG", "tiff", "image/webp", "image/tiff"),
        ("PNG", "", "image/jpeg, image/png;q=0.5", "image/jpeg"),
    ],
)
def test_the_format_asked_for_is_the_one_made(client, content, asked, accept, made):
    data = {"style": "great-wave", "iterations": 1, **({"format": asked} if asked else {})}
    headers = {"Accept": accept}
    job = client.post("/v1/jobs", files=stylize_files(pictures.encoded(content)), data=data, headers=headers).json()
    job = client.until(job, "done")
    answer = client.get(job["links"]["result"])
    assert answer.headers["Content-Type"] == made == job["result"]["media_type"]
    assert images.decode(answer.content, images.Limits()).rgb.shape == (48, 64, 3)


def test_a_result_is_encoded_anew_for_another_accept(client):
    job = client.until(client.submit(format="png"), "done")
    stored = client.get(job["links"]["result"])
    for accept, made in {
        "image/jpeg": "image/jpeg",
        "image/tiff": "image/tiff",
        "image/gif, image/webp;q=0.1": "image/webp",
        "application/x-npy": "application/x-npy",
        "image/*": "image/png",
        "text/html,image/avif,*/*;q=0.8": "image/png",
    }.items():
        answer = client.get(job["links"]["result"], headers={"Accept": accept})
        assert answer.headers["Content-Type"] == made, accept
        assert "Accept" in answer.headers["Vary"]
        if made in ("image/tiff", "application/x-npy"):
            again = images.decode(answer.content, images.Limits())
            assert np.array_equal(again.rgb, images.decode(stored.content, images.Limits()).rgb)
    for accept in ("image/gif", "application/json", "image/png;q=0"):
        assert code(client.get(job["links"]["result"], headers={"Accept": accept})) == (406, "not_acceptable")


@pytest.mark.parametrize("form", ["png", "tiff", "npy"])
def test_sixteen_bits_and_alpha_come_back_untouched(client, form):
    samples = pictures.pixels(channels=4, dtype=np.uint16)
    content = pictures.npy(samples) if form == "npy" else pictures.png16(samples)
    answer = client.post("/v1/stylize", files=stylize_files(content), data={"style": "great-wave", "iterations": 1, "format": form})
    picture = images.decode(answer.content, images.Limits())
    assert (picture.format, picture.dtype) == (form, np.uint16)
    assert np.array_equal(picture.alpha, samples[:, :, 3])
    assert not np.array_equal(picture.rgb, images.decode(content, images.Limits()).rgb)


# -- stopping ------------------------------------------------------------------------------------------------------


def test_finish_keeps_what_there_is(client):
    job = client.until(client.submit(**SLOW), "running")
    assert client.post(job["links"]["finish"]).status_code == 200
    job = client.until(job, "done")
    assert 0 < job["step"] < job["total"]
    assert client.get(job["links"]["result"]).status_code == 200
    assert client.post(job["links"]["finish"]).json()["state"] == "done"


def test_cancel_discards_that_job_only_and_may_be_said_twice(client):
    job, other = client.until(client.submit(**SLOW), "running"), client.submit()
    for _ in range(2):
        answer = client.post(job["links"]["cancel"])
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert client.until(other, "done")["state"] == "done"
    assert client.post(other["links"]["cancel"]).json()["state"] == "done"


def test_finishing_what_has_not_begun_is_a_conflict(client):
    running = client.until(client.submit(**SLOW), "running")
    waiting = client.submit()
    assert code(client.post(waiting["links"]["finish"])) == (409, "conflict")
    assert code(client.delete(waiting["links"]["self"])) == (409, "conflict")
    for job in (waiting, running):
        client.post(job["links"]["cancel"])


def test_a_removed_job_is_gone_with_its_pictures(daemon, client):
    job = client.until(client.submit(), "done")
    folder = daemon.manager.paths.jobs / job["id"]
    assert folder.exists()
    assert client.delete(job["links"]["self"]).status_code == 204
    assert not folder.exists()
    for path in (job["links"]["self"], job["links"]["result"]):
        assert code(client.get(path)) == (404, "unknown_job")


# -- waiting room --------------------------------------------------------------------------------------------------


def test_waiting_clients_leave_room_for_short_requests(make_daemon):
    running = make_daemon(threads=6)  # two may wait
    client = running.client()
    job = client.until(client.submit(**SLOW), "running")
    streams = [running.client().get(job["links"]["events"], stream=True) for _ in range(2)]
    for stream in streams:
        next(stream.iter_content(1))
    for answer in (
        client.get(job["links"]["events"]),
        client.get(job["links"]["self"], params={"since": 10**6}),
        client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave"}),
    ):
        assert code(answer) == (503, "busy")
        assert int(answer.headers["Retry-After"]) > 0
    began = time.monotonic()
    assert client.get(job["links"]["self"]).json()["state"] == "running"
    assert time.monotonic() - began < 1
    for stream in streams:
        stream.close()
    poll(lambda: client.get(job["links"]["self"], params={"since": 0, "timeout": 0.1}).status_code == 200)
    poll(lambda: client.get(job["links"]["self"], params={"since": 10**6, "timeout": 0.1}).status_code == 200)
    client.post(job["links"]["cancel"])


def test_two_requests_on_one_connection_are_both_answered(daemon):
    one = head("GET", "/health", host=f"127.0.0.1:{daemon.port}").replace(b"Connection: close\r\n", b"")
    with socket.create_connection(("127.0.0.1", daemon.port), timeout=10) as connection:
        connection.sendall(one + one)
        received = b""
        while received.count(b"HTTP/1.1 200") < 2:
            part = connection.recv(65536)
            assert part
            received += part
    assert exchange(daemon.port, head("GET", "/health", host=f"127.0.0.1:{daemon.port}"))[0] == 200


# -- keeping a style -----------------------------------------------------------------------------------------------


def test_only_what_was_refined_can_be_kept_as_a_style(client):
    name = {"name": (None, "Mine")}
    refused(client.post(f"/v1/jobs/{'0' * 16}/keep", files=name), 404, "unknown_job")
    job = client.submit()
    refused(client.post(f"/v1/jobs/{job['id']}/keep", data="name=Mine"), 400, "malformed_request")
    refused(client.post(f"/v1/jobs/{job['id']}/keep", files={"name": (None, " ")}), 400, "invalid_parameter", "name")
    refused(client.post(f"/v1/jobs/{job['id']}/keep", files={**name, "title": (None, "x")}), 400, "unknown_parameter", "title")
    client.until(job, "done")
    refused(client.post(job["links"]["keep"], files=name), 409, "conflict")


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
@pytest.mark.parametrize("name", ["result.png", "preview.png", ""], ids=["result", "preview", "folder"])
def test_links_in_a_jobs_folder_are_not_followed(daemon, client, tmp_path, name):
    job = client.until(client.submit(), "done")
    secret = tmp_path / "elsewhere"
    folder = daemon.manager.paths.jobs / job["id"]
    assert client.get(job["links"]["result"]).status_code == 200
    if name:
        secret.write_bytes((folder / name).read_bytes() if (folder / name).exists() else pictures.png())
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(secret)
    else:
        folder.rename(secret)
        folder.symlink_to(secret, target_is_directory=True)
    routes = {"result.png": ("result", "thumbnail"), "preview.png": ("preview",), "": ("result", "thumbnail", "preview")}[name]
    for route in routes:
        refused(client.get(f"{job['links']['self']}/{route}"), 410, "gone")
    client.delete(job["links"]["self"])
    assert secret.exists(), "nothing outside was removed either"
