"""Training from pictures to styles: it goes on after any kill, keeps what it learns, and refuses what cannot be learnt."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from impasto import images
from impasto.engine.checkpoint import FILE as CHECKPOINT
from impasto.engine.engine import Engine
from impasto.errors import BadPicture, Cancelled
from impasto.learning import learner
from impasto.learning.learner import config_of
from impasto.learning.session import SHOWN_SIDE
from impasto.models import StyleLibrary, fast
from impasto.paths import Paths
from impasto.stylization import Stylization
from impasto.training import STYLE, Training
from impasto.worker.control import Control
from impasto.worker.stylize import run_stylize
from impasto.worker.train import run_train
from PIL import Image

from .small_training import ORDER, SmallEngine, learn, settings_of

TESTS = Path(__file__).parents[1]

pytestmark = pytest.mark.usefixtures("one_thread")


def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path):
    generator = np.random.default_rng(1)
    (tmp_path / "photos").mkdir()
    for number in range(20):
        small = Image.fromarray(generator.integers(0, 256, (6, 8, 3), dtype=np.uint8))
        small.resize((96, 72), Image.Resampling.BICUBIC).save(tmp_path / "photos" / f"{number:02}.png")
    for number in range(2):
        (tmp_path / f"picture-{number}").write_bytes(png(generator.integers(0, 256, (140, 150, 3), dtype=np.uint8)))
    return tmp_path


def learnt(folder):
    settings = settings_of(folder)
    return StyleLibrary(Paths.of(settings), settings)


def weights_of(folder, id):
    return fast.read(learnt(folder).fast.need([id]).base)[1]


@pytest.mark.slow
def test_two_paintings_become_styles_that_paint(folder):
    said = []
    done = learn(folder, titles=("Ölbild", "Two"), report=lambda event, **fields: said.append((event, fields)))
    assert done["styles"] == ["olbild", "two"] and done["steps"] == 30 and not done["finished_early"]
    assert learnt(folder).get("olbild").title == "Ölbild" and learnt(folder).get("two").fast
    header = learnt(folder).fast.header("two")
    assert header.training["order"] == ORDER.to_dict() and header.quality["two"]["style"] > 0
    steps = [fields for event, fields in said if event == "progress"]
    assert [fields["step"] for fields in steps] == list(range(1, 31)) and steps[-1]["fraction"] == 1
    assert images.decode((folder / "preview.png").read_bytes()).width == 3 * SHOWN_SIDE
    assert not (folder / CHECKPOINT).exists()
    (folder / "content").write_bytes(png(np.full((40, 50, 3), 99, np.uint8)))
    painted = run_stylize(folder, Stylization(style=("two",)), {}, lambda *_, **__: None, Control(), Engine(settings_of(folder)))
    assert painted["method"] == "fast"


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_with_the_weights_of_one_that_was_not(folder, tmp_path_factory):
    whole = tmp_path_factory.mktemp("whole")
    shutil.copytree(folder, whole, dirs_exist_ok=True)
    learn(whole)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])}
    for until in (1, 7, 12, 30):
        child = subprocess.Popen(
            [sys.executable, "-m", "worker.small_training", str(folder)],
            cwd=TESTS,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        seen = 0
        for line in child.stdout:
            seen = int(line)
            if seen >= until:
                break
        assert seen >= until
        if until < 30:
            child.kill()
        child.stdout.read()
        child.wait()
    assert child.returncode == 0
    for name, value in weights_of(whole, "one").items():
        assert np.array_equal(value, weights_of(folder, "one")[name]), name


@pytest.mark.slow
def test_a_checkpoint_of_another_order_or_a_damaged_one_is_not_gone_on_from(folder):
    class Impatient(Control):
        def check(self):
            if (folder / CHECKPOINT).exists():
                raise Cancelled("The job was cancelled.")

    with pytest.raises(Cancelled):
        learn(folder, control=Impatient(), checkpoint_s=0.0)
    assert (folder / CHECKPOINT).exists()
    notes = []
    keep = lambda event, **fields: notes.append(fields["text"]) if event == "note" else None  # noqa: E731
    learn(folder, dataclasses.replace(ORDER, seed=5, steps=2), report=keep)
    assert notes == []
    (folder / CHECKPOINT).write_bytes(b"PK\x03\x04 torn")
    learn(folder, dataclasses.replace(ORDER, steps=2), report=keep)
    assert notes == ["The checkpoint was damaged, so the work began anew."]


@pytest.mark.slow
def test_a_training_killed_after_its_styles_were_kept_is_not_done_again(folder, monkeypatch):
    first = learn(folder, run="the job's id")
    monkeypatch.setattr(learner, "Trainer", None)  # nothing is trained
    assert learn(folder, run="the job's id") == first
    monkeypatch.undo()
    assert learn(folder, dataclasses.replace(ORDER, steps=2), run="another")["styles"] == ["one-2"]


@pytest.mark.slow
def test_a_training_killed_while_its_styles_were_kept_keeps_them_once(folder, monkeypatch):
    with monkeypatch.context() as killed:
        killed.setattr(StyleLibrary, "_keep", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            learn(folder, run="the job's id")
    assert learnt(folder).fast.header("one") and "one" not in {style.id for style in learnt(folder).styles()}
    assert learn(folder, run="the job's id")["styles"] == ["one"]
    assert len(list((folder / "data" / "styles").glob("*.safetensors"))) == 1 and learnt(folder).get("one").fast


@pytest.mark.slow
def test_to_finish_early_keeps_what_there_is(folder):
    stopping = Control()
    stopping.finish()
    done = learn(folder, control=stopping)
    assert done["steps"] == 1 and done["finished_early"] and learnt(folder).get("one").fast


@pytest.mark.slow
def test_a_style_more_is_under_a_hundred_kilobytes_on_the_network_that_ships(folder):
    order = Training(learn=STYLE, steps=6, side=64, batch=1, stroke=256)
    learn(folder, order)
    assert (folder / "data" / "styles" / "one.safetensors").stat().st_size < 100_000
    choice = learnt(folder).fast.need(["one", "starry-night"])
    assert choice.base != choice.files[0] and choice.base == choice.files[1]
    rows = fast.read(choice.files[0])[1]
    shipped = fast.read(choice.base)[1]
    assert all(np.array_equal(value[0], shipped[name][0]) for name, value in rows.items()), "the identity is everybody's"
    assert any(not np.array_equal(value[1], shipped[name][1]) for name, value in rows.items())


@pytest.mark.parametrize(
    "pixels, reply", [(np.full((200, 200, 3), 77, np.uint8), "of one colour"), (np.zeros((90, 400, 3), np.uint8), "too small")]
)
def test_what_cannot_be_learnt_is_refused_before_the_first_step(folder, pixels, reply):
    (folder / "picture-0").write_bytes(png(pixels))
    with pytest.raises(BadPicture, match=reply):
        learn(folder, report=lambda event, **_: pytest.fail("it began") if event == "progress" else None)


def test_too_few_photographs_are_refused(folder):
    for file in list((folder / "photos").iterdir())[5:]:
        file.unlink()
    with pytest.raises(BadPicture, match="photographs"):
        learn(folder)


def test_zeros_of_an_order_are_filled_in_by_what_is_learnt():
    assert config_of(Training(learn=STYLE), 3).steps == 3 * config_of(Training(learn=STYLE), 1).steps
    assert config_of(Training(steps=7, batch=9, side=64), 3).steps == 7
    assert config_of(Training(content_weight=2), 1).content_weight == 2 * config_of(Training(), 1).content_weight


TWO = """
import hashlib, os, sys, torch
from impasto.learning.processes import join
from impasto.style import Encoder
from impasto.style.training import TrainingConfig, Trainer
from impasto.style.transformer import build
from style.conftest import CONVENTION, smooth_noise, vgg_weights
torch.set_num_threads(1)
torch.manual_seed(0)
group = join(torch.device("cpu"))
run = Trainer(build("lean:8x1", 5), Encoder(vgg_weights(), CONVENTION), [smooth_noise(60, 50, 2)],
              TrainingConfig(steps=9, batch=1, side=32, style_sides=(48, 32), warm_up=1), group=group)
for step in range(3):
    run.step(smooth_noise(32, 32, 10 * step + group.rank))
print(group.count, hashlib.sha256(b"".join(p.detach().numpy().tobytes() for p in run.network.parameters())).hexdigest())
"""


@pytest.mark.slow
def test_several_processes_train_one_network():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    base = {**os.environ, "PYTHONPATH": str(TESTS), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "GLOO_SOCKET_IFNAME": "lo"}
    if sys.platform != "linux":
        base.pop("GLOO_SOCKET_IFNAME")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", TWO],
            stdout=subprocess.PIPE,
            text=True,
            env={**base, "RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)},
        )
        for rank in (0, 1)
    ]
    reply = [child.communicate(timeout=120)[0].split() for child in children]
    alone = subprocess.run([sys.executable, "-c", TWO], stdout=subprocess.PIPE, text=True, env=base, check=True).stdout.split()
    assert reply[0] == reply[1] and reply[0][0] == "2" and alone[0] == "1" and alone[1] != reply[0][1]


@pytest.mark.slow
def test_the_network_may_compute_in_bf16(folder):
    engine = SmallEngine(settings_of(folder))
    engine.device = dataclasses.replace(engine.device, dtype=torch.bfloat16)
    done = run_train(folder, dataclasses.replace(ORDER, steps=4), ["One"], lambda *_, **__: None, Control(), engine)
    assert done["quality"]["one"]["style"] > 0
    assert all(array.dtype == np.float32 for array in weights_of(folder, "one").values())
