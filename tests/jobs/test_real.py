"""The real worker, engine and encoder, on very small pictures."""

from __future__ import annotations

import dataclasses
import sys
import time

import numpy as np
import psutil
import pytest
from impasto import errors, images
from impasto.jobs import Submission
from impasto.jobs.executor import WORK
from impasto.stylization import Stylization

from .helpers import ended, gone, until, worker_pid

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pictures():
    """A 16-bit RGBA content of 72 x 64 with soft alpha, and a style."""
    dice = np.random.default_rng(0)
    rows, columns = np.mgrid[0:64, 0:72].astype(np.float32)
    rgb = np.stack([columns / 72, rows / 64, (np.sin(columns / 5) + 1) / 2], 2)
    alpha = np.clip(columns * 1200, 0, 65535).astype(np.uint16)
    style = np.kron(dice.random((8, 8, 3), np.float32), np.ones((12, 12, 1), np.float32))
    return {
        "content": images.encode(images.Picture(rgb, alpha, np.dtype(np.uint16)), "png"),
        "style-0": images.encode(images.Picture(style), "png"),
    }


@pytest.fixture
def real(start, weights_dir):
    return start(
        WORK, weights_dir=str(weights_dir), offline=True, device="cpu", precision="fp32", cpu_threads=1, preview_interval_s=0.1
    )


def painting(pictures, **parameters):
    # Cheap layers: what is tested here is the way to the engine and back, not the engine.
    cheap = {"loss": "gram", "style_layers": "relu1_1,relu2_1", "content_layers": "relu2_2"}
    few = {"style": ["upload:0"], "encoder": "vgg16", "iterations": 3, "resolution": 48}
    stylization = Stylization.parse({**few, **cheap, **parameters})
    return Submission("stylize", stylization.to_dict(), pictures, {"format": "png"})


def test_a_layer_that_the_encoder_has_not_is_named(real, pictures):
    for field in ("content_layers", "style_layers"):
        error = ended(real, real.submit(painting(pictures, **{field: "relu5_4"})).id, 60).error
        assert (error["code"], error["field"]) == ("invalid_parameter", field) and "relu5_4" in error["message"]


def test_a_picture_is_painted(real, pictures):
    first = real.submit(painting(pictures))
    second = real.submit(painting(pictures))
    third = real.submit(painting(pictures, keep_colours="luminance", seed=5))
    done = ended(real, first.id, 60)
    assert done.state == "done", done.error
    assert done.step == done.total > 0 and done.losses["total"] > 0 and (done.width, done.height) == (48, 43)
    assert "Painted at 48 x 43, enlarged to 72 x 64." in done.notes
    content = images.decode(pictures["content"])
    data = real.result(first.id)[0].read_bytes()
    picture = images.decode(data)
    assert picture.dtype == np.uint16 and np.array_equal(picture.alpha, content.alpha)
    assert np.abs(picture.rgb - content.rgb).mean() > 0.01
    assert ended(real, second.id, 60).state == "done"
    assert real.result(second.id)[0].read_bytes() == data  # same seed, same picture
    reply = real.device()
    assert (
        reply["device"] == "cpu" and reply["precision"] == "fp32" and reply["threads"] == 1 and reply["worker"]["memory_bytes"] > 0
    )
    ended(real, third.id, 60)
    kept = images.decode(real.result(third.id)[0].read_bytes()).rgb
    assert np.abs(chroma(kept) - chroma(content.rgb)).mean() < 0.5 * np.abs(chroma(picture.rgb) - chroma(content.rgb)).mean()


def test_a_fast_picture_is_refined(real, pictures):
    refined = real.submit(painting({"content": pictures["content"]}, style=["starry-night"], init="fast", method="iterative"))
    done = ended(real, refined.id, 60)
    assert done.state == "done", done.error
    assert done.scales == 2 and done.step == 6


def chroma(rgb):
    return rgb - (rgb @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]


def test_it_can_be_watched_kept_early_and_cancelled(real, pictures):
    long = real.submit(painting(pictures, iterations=5000))
    until(lambda: real.get(long.id).preview > 1, 60)
    preview = images.decode(real.preview(long.id).read_bytes())
    assert (preview.width, preview.height) == (48, 43) and preview.alpha is not None
    real.finish(long.id)
    kept = ended(real, long.id, 10)
    assert kept.state == "done" and kept.result["finished_early"] and 0 < kept.step < kept.total
    pid = worker_pid(real)
    other = real.submit(painting(pictures, iterations=5000))
    until(lambda: real.get(other.id).step > 2, 60)
    began = time.monotonic()
    real.cancel(other.id)
    until(lambda: real.device()["state"] == "idle")
    assert time.monotonic() - began < 2 and worker_pid(real) == pid  # it listened, and need not be killed


def test_what_was_known_of_the_device_survives_a_restart(real, start, pictures, weights_dir):
    ended(real, real.submit(painting(pictures, iterations=1)).id, 60)
    real.stop()
    reply = start(WORK).device()
    assert reply["state"] == "asleep" and reply["device"] == "cpu" and reply["torch"] and not reply["worker"]["alive"]


def test_without_weights_and_network_the_job_says_what_to_do(start, tmp_path, pictures):
    manager = start(WORK, weights_dir=str(tmp_path / "none"), offline=True)
    failed = ended(manager, manager.submit(painting(pictures)).id, 60)
    assert failed.error["code"] == "weights_unavailable" and "impasto models pull" in failed.error["hint"]
    pulled = ended(manager, manager.submit(Submission("pull", {"model": "vgg16"})).id, 30)
    assert pulled.error["code"] == "weights_unavailable"
    with pytest.raises(errors.Gone):
        manager.result(pulled.id)


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit on another process's memory")
def test_out_of_memory_fails_that_job_and_gives_its_memory_back(real, pictures):
    ended(real, real.submit(painting(pictures)).id, 60)
    worker = psutil.Process(worker_pid(real))
    room = worker.memory_info().vms + 400_000_000
    worker.rlimit(psutil.RLIMIT_AS, (room, room))
    large = {**pictures, "content": images.encode(images.Picture(np.zeros((1200, 1600, 3), np.float32)), "png")}
    failed = ended(real, real.submit(painting(large, resolution=1600, scales=1)).id, 60)
    assert failed.error["code"] == "out_of_memory", failed.error
    assert "1600 x 1200" in failed.error["message"] and "Set resolution to 1088 or less" in failed.error["hint"]
    assert ended(real, real.submit(painting(pictures)).id, 60).state == "done"
    assert gone(worker.pid)


def test_a_pull_of_what_is_present_is_done_at_once(real):
    done = ended(real, real.submit(Submission("pull", {"model": "vgg16"})).id, 30)
    assert done.state == "done" and done.result["model"] == "vgg16" and done.result["bytes"] > 5e7
    with pytest.raises(errors.Gone, match="no picture"):
        real.result(done.id)


def test_a_device_that_is_not_there_fails_the_job_in_words(start, settings, weights_dir, pictures):
    import torch

    if torch.cuda.is_available():
        pytest.skip("it is there")
    manager = start(WORK, device="cuda", weights_dir=str(weights_dir))
    failed = ended(manager, manager.submit(painting(pictures)).id, 60)
    assert failed.error["code"] == "device_unavailable" and failed.error["hint"]


def test_the_command_line_needs_no_daemon(tmp_path, settings, weights_dir, pictures):
    from impasto.engine.engine import Engine
    from impasto.worker.control import Control
    from impasto.worker.stylize import run_stylize

    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
    said = []
    alone = dataclasses.replace(settings, weights_dir=str(weights_dir), cpu_threads=1, device="cpu")
    stylization = Stylization.parse(painting(pictures).parameters)
    result = run_stylize(
        tmp_path, stylization, {"format": "webp"}, lambda event, **fields: said.append(event), Control(), Engine(alone)
    )
    assert images.decode((tmp_path / result["file"]).read_bytes()).width == 72
    assert {"device", "phase", "progress"} <= set(said)
