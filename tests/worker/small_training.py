"""A training small enough for tests, in this process or as a child: python small_training.py FOLDER [STEPS]."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.style import Encoder
from impasto.training import NETWORK, Training
from impasto.worker import train as worker_train
from impasto.worker.control import Control
from impasto.worker.easel import Easel
from style.conftest import CONVENTION, vgg_weights

ORDER = Training(learn=NETWORK, network="lean:8x1", steps=30, batch=2, side=32, stroke=128)


class SmallEasel(Easel):
    """Sees with a tiny encoder, so nothing is fetched."""

    def encoder(self, wanted, report, cancelled, pooling="max"):
        return Encoder(vgg_weights(), CONVENTION)


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
    easel = SmallEasel(settings, Paths.of(settings))
    return worker_train.run_train(folder, order, list(titles), settings, report, control or Control(), easel, run=run)


def say(event, **fields):
    if event == "progress":
        print(fields["step"], flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    learn(Path(sys.argv[1]), report=say, checkpoint_s=0.0)
