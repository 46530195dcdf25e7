"""How many steps of optimising one forward pass is worth: Johnson, Alahi & Fei-Fei 2016, figure 5.

    python benchmarks/loss_parity.py --photos FOLDER [--count 20] [--steps 120]

On held-out photographs at 256 px each style's one pass is scored by the loss that it was trained with (the defaults: strength
0.5, detail 0.5); then L-BFGS lowers the same loss from noise, as in the paper, and from the photograph, and it is told after
how many steps it is as low.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import torch
from impasto.engine.networks import open_network
from impasto.learning.photos import Photos
from impasto.models import Catalogue, ModelStore, fast
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.style import Encoder
from impasto.style.mixing import mix_embeddings
from impasto.style.optimise import LBFGS
from impasto.style.perceptual import Perceptual, PerceptualConfig
from pictures import open_picture

SIDE, STRENGTH = 256, 0.5


def steps_until(loss_of, start, target, most):
    """After how many L-BFGS steps the loss is at most ``target``; ``most`` where it was not by then."""
    optimiser, seen = LBFGS(start), []

    def evaluate(picture):
        loss = loss_of(picture)
        seen.append(float(loss.detach()))
        return loss

    for step in range(most):
        optimiser.step(evaluate)
        if seen[-1] <= target:
            return step
    return most


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=Path, required=True)
    arguments.add_argument("--count", type=int, default=20)
    arguments.add_argument("--steps", type=int, default=120)
    given = arguments.parse_args()
    settings = Settings.load()
    encoder = Encoder(*ModelStore(Catalogue.load(), Paths.of(settings), settings).load("vgg16"))
    file = shipped("fast", "impasto.safetensors")
    network, header = open_network(file), fast.inspect(file)
    recipe = header.training["phases"][-1]
    config = PerceptualConfig(
        **{field.name: recipe[field.name] for field in dataclasses.fields(PerceptualConfig) if field.name in recipe}
    )
    paintings = [open_picture(shipped("paintings", f"{style.id}.jpg"), 1024) for style in header.styles]
    losses = Perceptual(encoder, paintings, config)
    seen = Photos(given.photos).validation(SIDE)
    worth = {"noise": [], "photograph": []}
    for number in range(given.count):
        style, photo = header.styles[number % len(header.styles)], seen[number % len(seen)][None]
        target = config.default_target(number % len(header.styles))
        contents = losses.contents(photo)

        def loss_of(picture, photo=photo, target=target, contents=contents):
            return losses(picture, photo, [target], [STRENGTH], contents)[1]

        with torch.no_grad():
            mix = mix_embeddings(header.rows, [style.rows], [1.0], STRENGTH, 0.5)[None]
            loss = float(loss_of(network(photo, mix).clamp(0, 1)))
        starts = {"noise": torch.rand(photo.shape, generator=torch.Generator().manual_seed(number)), "photograph": photo}
        for name, start in starts.items():
            worth[name].append(steps_until(loss_of, start, loss, given.steps))
        found = ", ".join(f"{steps[-1]} steps from {name}" for name, steps in worth.items())
        print(f"{style.id}: one pass {loss:.4f}; as low after {found}", flush=True)
    for name, steps in worth.items():
        never = sum(step >= given.steps for step in steps)
        print(f"from {name}: median {np.median(steps):.0f}, fewest {min(steps)}, {never} of {len(steps)} not within {given.steps}")


if __name__ == "__main__":
    main()
