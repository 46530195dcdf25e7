"""A training small enough for tests, in this process or as a child: python small_training.py FOLDER [STEPS]."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from impasto.engine.engine import Engine
from impasto.settings import Settings
from impasto.style import Encoder
from impasto.training import NETWORK, Training
from impasto.worker.control import Control
from impasto.worker.train import run_train
from style.conftest import CONVENTION, vgg_weights

ORDER = Training(learn=NETWORK, network="lean:8x1", steps=30, batch=2, side=32, stroke=128)


class SmallEngine(Engine):
    """Sees with a tiny encoder, so nothing is fetched."""

    def encoder(self, wanted, observer, pooling="max"):
        return Encoder(vgg_weights(), CONVENTION), "small"


def settings_of(folder, **changes):
    return Settings(
        data_dir=str(folder / "data"),
        photos_dir=str(folder / "photos"),
        device="cpu",
        cpu_threads=1,
        offline=True,
        **{"preview_interval_s": 0.1, **changes},
    )


def learn(folder, order=ORDER, titles=("One",), report=lambda *_, **__: None, control=None, run="", **changes):
    """Train in ``folder``, where ``picture-0``... and ``photos`` are; ``changes`` of the settings."""
    settings = settings_of(folder, **changes)
    return run_train(folder, order, list(titles), report, control or Control(), SmallEngine(settings), run)


def say(event, **fields):
    if event == "progress":
        print(fields["step"], flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    learn(Path(sys.argv[1]), report=say, checkpoint_s=0.0)
