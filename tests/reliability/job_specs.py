"""What the kill loop asks of the daemon: small jobs of every kind, each with what must come of it."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

FAST, ITERATIVE, TRAINING, PULL = "fast", "iterative", "training", "pull"

CHEAP = {"method": "iterative", "encoder": "vgg16", "loss": "gram", "style_layers": "relu1_1,relu2_1", "content_layers": "relu2_2"}
"""Few layers: it is not the engine that is tested."""


@dataclass(frozen=True)
class JobSpec:
    """One request: a form for ``route``. Two specs of one ``name`` must give the same picture, to the byte."""

    kind: str
    name: str
    route: str
    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def paints(self) -> bool:
        """Whether a picture comes of it."""
        return self.kind in (FAST, ITERATIVE)


def picture(seed: int, side: int = 96) -> bytes:
    """A PNG with forms in it."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((side, side * 3 // 4), Image.Resampling.BICUBIC).save(file, "png")
    return file.getvalue()


def all_specs(*, weights: bool) -> list[JobSpec]:
    """Every spec that there is; without ``weights`` those that need no encoder."""
    fast = [
        JobSpec(FAST, f"fast-{style}-{side}", "/v1/jobs", {"style": style, "method": "fast"}, {"content": picture(side, side)})
        for style in ("starry-night", "great-wave")
        for side in (96, 320)
    ]
    if not weights:
        return fast
    iterative = [
        JobSpec(
            ITERATIVE,
            f"iterative-{seed}",
            "/v1/jobs",
            {**CHEAP, "iterations": str(steps), "scales": "2", "resolution": "160", "seed": str(seed), "init": "noise"},
            {"content": picture(seed, 200), "style": picture(seed + 100, 128)},
        )
        for seed, steps in ((1, 40), (2, 100), (3, 250))
    ]
    training = JobSpec(
        TRAINING,
        "training",
        "/v1/styles/train",
        {"name": "Learnt", "steps": "40", "side": "64", "stroke": "256"},
        {"picture": picture(7, 256)},
    )
    return [*fast, *iterative, training, JobSpec(PULL, "pull", "/v1/models/vgg16/pull")]


def choose(specs: list[JobSpec], rng: random.Random) -> JobSpec:
    """One of them."""
    weights = {FAST: 3.0, ITERATIVE: 3.0, TRAINING: 2.5, PULL: 1.0}
    return rng.choices(specs, [weights[spec.kind] for spec in specs])[0]
