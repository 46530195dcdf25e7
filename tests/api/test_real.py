"""The whole of it: a real daemon, the real worker, the real vgg16, over HTTP."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from impasto import images
from impasto.jobs.executor import WORK

from . import pictures
from .conftest import Client, code, refused, start, stylize_files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def client(tmp_path_factory, weights_dir):
    running, stop = start(tmp_path_factory.mktemp("real"), work=WORK, weights_dir=str(weights_dir), offline=True, cpu_threads=1)
    with running.client() as session:
        yield session
    stop()


FORM = {"style": "great-wave", "method": "iterative", "resolution": 64, "iterations": 2, "encoder": "vgg16"}


def test_a_sixteen_bit_picture_with_alpha_comes_back_as_one(client):
    samples = pictures.pixels(channels=4, dtype=np.uint16)
    answer = client.post("/v1/stylize", files=stylize_files(pictures.png16(samples)), data=FORM, timeout=240)
    assert answer.status_code == 200, answer.text
    painted, content = images.decode(answer.content, images.Limits()), images.decode(pictures.png16(samples), images.Limits())
    assert (painted.format, painted.dtype, painted.rgb.shape) == ("png", np.uint16, content.rgb.shape)
    assert np.array_equal(painted.alpha, samples[:, :, 3])
    assert np.abs(painted.rgb - content.rgb).mean() > 0.01


def test_others_are_served_while_it_paints_and_it_stops_when_told(client):
    job = client.submit(**{**FORM, "iterations": 500, "step_size": 0.02})
    job = client.until(job, "running", within=60)
    while not job["step"]:
        job = client.get(job["links"]["self"], params={"since": job["version"], "timeout": 10}).json()
    times = []
    for _ in range(20):
        began = time.monotonic()
        assert client.get(job["links"]["self"]).json()["state"] == "running"
        times.append(time.monotonic() - began)
    assert sorted(times)[len(times) // 2] < 0.1
    began = time.monotonic()
    client.post(job["links"]["finish"])
    kept = client.until(job, "done", within=60)
    assert kept["result"]["finished_early"] and kept["step"] < kept["total"]
    assert client.get(kept["links"]["result"]).headers["Content-Type"] == "image/png"
    other = client.until(client.submit(**{**FORM, "iterations": 500, "step_size": 0.02}), "running", within=60)
    began = time.monotonic()
    assert client.post(other["links"]["cancel"]).json()["state"] == "cancelled"
    while client.get("/v1/device").json()["state"] == "busy":
        assert time.monotonic() - began < 4  # two seconds, and as much again for a machine that does other things


def test_a_picture_that_was_refined_is_kept_as_a_style(client):
    painting, form = ("painting.png", pictures.png(60, 50)), {"method": "fast", "refine": 1}
    files = [*stylize_files().items(), ("style", painting)]
    job = client.until(client.post("/v1/jobs", files=files, data=form).json(), "done", within=240)
    assert job["result"]["refined"] == [0]
    clients = [Client(client.url) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:  # as when a request is sent again: kept once, whoever comes first
        answers = list(pool.map(lambda one: one.post(job["links"]["keep"], files={"name": (None, "My waves")}), clients))
    answer, *late = sorted(answers, key=lambda one: one.status_code)
    assert answer.status_code == 201 and [code(one) for one in late] == [(409, "conflict")] * 2
    (style,) = answer.json()["styles"]
    assert (style["title"], style["own"], style["fast"], style["width"]) == ("My waves", True, True, 60)
    assert client.get(style["links"]["thumbnail"]).status_code == 200
    assert "my-waves" in refused(client.post(job["links"]["keep"], files={"name": (None, "Twice")}), 409, "conflict")["message"]
    now = client.get(job["links"]["self"]).json()
    assert now["result"]["kept"] == ["my-waves"] and "refined" not in now["result"] and now["version"] > job["version"]
    again = client.post("/v1/jobs", files=stylize_files(), data={"style": style["id"]}).json()
    again = client.until(again, "done", within=60)
    assert again["result"]["method"] == "fast" and again["step"] == 1 and "refined" not in again["result"]
    once, twice = (images.decode(client.get(one["links"]["result"]).content) for one in (job, again))
    assert np.array_equal(once.rgb, twice.rgb) and once.recipe != twice.recipe, "painted alike, by two recipes"
