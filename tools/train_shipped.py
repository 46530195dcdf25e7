"""Remake the fast styles that ship: one network, trained from public-domain paintings on freely licensed photographs.

    python tools/train_shipped.py --photos FOLDER [--work out/training] [--device cpu]

First the network with its first styles, in phases; then further styles, of which only the rows are learnt; then all together.
Goes on from its checkpoint when it was stopped. Every --every steps a sheet of all styles on --preview pictures is left beside
the checkpoint: look at it. The end is models/fast/impasto.safetensors, with what it was trained on and how good it is in its
header.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from impasto import images
from impasto.engine import device as devices
from impasto.learning.photos import Photos
from impasto.models import Catalogue, FastHeader, FastStyle, ModelStore, fast, shipped_networks
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.sizes import fit
from impasto.style import Encoder
from impasto.style.mixing import DEFAULT_STRENGTH, EMBEDDINGS_PER_STYLE, IDENTITY_EMBEDDING, embedding_indices, mix_embeddings
from impasto.style.noise import NOISE, add_noise
from impasto.style.scales import resize
from impasto.style.training import Trainer, TrainingConfig, with_new_embeddings
from impasto.style.transformer import Network, build
from torch import Tensor

NETWORK = "hourglass:48-96x5"
FIRST = ("starry-night", "great-wave", "scream", "metzinger", "composition-vii")
FURTHER = (
    "wheatstacks",
    "kairouan",
    "shipwreck",
    "red-tree",
    "grande-jatte",
    "picasso",
    "cypresses",
    "circles",
    "irises",
    "red-fuji",
    "oriental-garden",
    "self-portrait",
    "yellow-red-blue",
    "rhone",
    "cafe-terrace",
    "night-cafe",
    "harvesters",
    "church-at-auvers",
    "water-lilies",
    "grainstacks",
    "tableau-1913",
    "card-players",
    "red-yellow-blue",
    "the-bedroom",
)
"""The records of all (title, painter, year, licence, source) are in models/paintings/styles.yaml."""


@dataclass(frozen=True)
class Phase:
    """A config, and after how many of its steps the next one takes over."""

    config: TrainingConfig
    until: int


COLOURS = {"content_weight": 0.05, "tv_weight": 0.6, "shift_weight": 0.0}
"""Content counts little at first: colours and strokes come quickly so. Faces are lost, and come back later."""

PHASES = (
    # Small crops first: four of 128 px cost what one of 256 px does, and colours and small strokes need no more.
    Phase(TrainingConfig(steps=6000, batch=4, side=128, learning_rate=3e-3, halvings=0, checkerboard_weight=0, **COLOURS), 1200),
    # Then large ones, in which large forms have room.
    Phase(TrainingConfig(steps=3600, batch=2, side=256, checkerboard_weight=0, **COLOURS), 3600),
)

LEARNING = Phase(
    TrainingConfig(steps=8400, batch=1, side=256, learning_rate=1e-2, warm_up=20, average=0.99, checkerboard_weight=0, **COLOURS),
    8400,
)
"""How the further styles are learnt: their rows alone, some 350 steps a painting."""

STROKES = {"style_sides": (1024, 512, 256)}
"""Px, the painting's long side for broad, usual and fine strokes while all styles are trained together."""

TOGETHER = (
    # All styles, all weights; from here on no grid may show.
    Phase(TrainingConfig(steps=1200, batch=2, side=256, learning_rate=6e-4, warm_up=50, average=0.99, **COLOURS, **STROKES), 1200),
    # Content counts five times as much: what is in a picture can be seen again. Edges become straight.
    Phase(TrainingConfig(steps=13000, batch=2, side=256, warm_up=50, average=0.998, content_weight=0.25, **STROKES), 13000),
    # Half of that, for strokes that can be seen from afar. What people get when they ask for nothing; then what they may ask for.
    Phase(
        TrainingConfig(
            steps=11000, batch=2, side=256, learning_rate=1e-3, warm_up=50, average=0.998, default_share=0.9, seed=8, **STROKES
        ),
        7800,
    ),
    Phase(
        TrainingConfig(
            steps=3600, batch=2, side=256, learning_rate=6e-4, warm_up=50, average=0.998, shift_weight=8.0, seed=9, **STROKES
        ),
        3600,
    ),
)
"""Steps grow with the number of styles: each is painted as often as when there were sixteen of them."""

CROPS = 1000
"""Steps after which the crops come again. What the encoder sees in them is kept: 4 GB of memory for a sixth of the time."""


def main() -> None:
    """Train, resume, or, where everything is done, only write the file."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--photos", type=Path, required=True)
    arguments.add_argument("--photos-licence", default="each freely licensed; not part of this project")
    arguments.add_argument("--work", type=Path, default=Path("out/training"))
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--every", type=int, default=200)
    arguments.add_argument("--preview", type=Path, nargs="*", default=[])
    arguments.add_argument("--out", type=Path, default=shipped("fast", "impasto.safetensors"))
    given = arguments.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    settings = dataclasses.replace(Settings.load(), device=given.device)
    device = devices.choose(settings)
    encoder = Encoder(*ModelStore(Catalogue.load(), Paths.of(settings), settings).load("vgg16"), dtype=device.dtype)
    encoder = encoder.to(device.torch_device)
    photos = Photos(given.photos)
    previews = [opened(file, 384).to(given.device) for file in given.preview]
    print(f"{len(photos)} photographs, {len(photos.held_out)} held out, {NETWORK}", flush=True)

    def learn(name: str, phase: Phase, styles: Sequence[str], network: Network) -> Trainer:
        paintings = [opened(shipped("paintings", f"{style}.jpg"), 1024).to(given.device) for style in styles]
        trainer = Trainer(network.to(given.device), encoder, paintings, phase.config, phase is LEARNING, dtype=encoder.dtype)
        checkpoint = given.work / f"{name}.pt"
        if checkpoint.exists():
            trainer.restore(torch.load(checkpoint, weights_only=True, map_location=given.device))
        run(trainer, phase, photos, checkpoint, given.every, previews)
        return trainer

    torch.manual_seed(0)
    network = build(NETWORK, IDENTITY_EMBEDDING + 1 + EMBEDDINGS_PER_STYLE * len(FIRST))
    network.noise = NOISE
    for number, phase in enumerate(PHASES):
        first = learn(f"phase-{number}", phase, FIRST, network)
        network = first.result()
    further = learn(
        "further", LEARNING, FURTHER, with_new_embeddings(network, [embedding_indices(i) for i in range(len(FIRST))], len(FURTHER))
    )
    network = group(network, further.result())
    for number, phase in enumerate(TOGETHER):
        last = learn(f"group-{number}", phase, FIRST + FURTHER, network)
        network = last.result()
    found = dict(zip(FIRST + FURTHER, quality(last, photos), strict=True))
    write(given.out, network, found, photos, given.photos_licence)
    shipped_networks.write_digests()


def group(first: Network, further: Network) -> Network:
    """The rows of both in one network; the second has the first's convolutions and row 0."""
    own = IDENTITY_EMBEDDING + 1
    network = build(first.spec, first.embeddings + further.embeddings - own)
    network.noise = first.noise
    more = further.state_dict()
    network.load_state_dict(
        {
            name: torch.cat([value, more[name][own:]]) if fast.is_embedding(name) else value
            for name, value in first.state_dict().items()
        }
    )
    return network


def run(trainer: Trainer, phase: Phase, photos: Photos, checkpoint: Path, every: int, previews: list[Tensor]) -> None:
    """Train to the phase's end, with a checkpoint and a sheet now and then."""
    config, began, first = phase.config, time.monotonic(), trainer.done
    sums: dict[str, float] = {}
    seen: dict[int, Mapping[str, Tensor]] = {}
    while trainer.done < phase.until:
        number = trainer.done % CROPS
        crops = photos.draw(number, config.batch, config.side, config.seed).to(trainer.ema[0].device)
        if number not in seen:
            seen[number] = trainer.loss.contents(crops)
        for name, value in trainer.step(crops, seen[number]).items():
            sums[name] = sums.get(name, 0.0) + value / every
        if trainer.done % every and trainer.done < phase.until:
            continue
        pace = (time.monotonic() - began) / (trainer.done - first)
        print(
            f"{checkpoint.stem} step {trainer.done}/{phase.until}, {pace:.2f} s a step, "
            + ", ".join(f"{name} {value:.4f}" for name, value in sums.items()),
            flush=True,
        )
        sums = {}
        save(trainer.state(), checkpoint)
        if previews:
            sheet(trainer, previews, checkpoint.with_name(f"{checkpoint.stem}-{trainer.done:06d}.png"))


def save(state: dict[str, Any], file: Path) -> None:
    """Whole or not at all."""
    temporary = file.with_suffix(".part")
    torch.save(state, temporary)
    temporary.replace(file)


def sheet(trainer: Trainer, previews: list[Tensor], file: Path) -> None:
    """Every style (a row) on every preview (broad, own and fine strokes)."""
    network = trainer.result()
    rows = []
    with torch.inference_mode():
        for style in range(trainer.loss.paintings):
            mixes = [
                mix_embeddings(network.embeddings, [embedding_indices(style)], [1.0], DEFAULT_STRENGTH, detail)[None]
                for detail in (0.0, 0.5, 1.0)
            ]
            noisy = [add_noise(picture, network.noise) for picture in previews]
            cells = [network(picture, mix.to(picture)).clamp(0, 1)[..., :256, :384] for picture in noisy for mix in mixes]
            rows.append(torch.cat([torch.nn.functional.pad(c, (0, 384 - c.shape[-1], 0, 256 - c.shape[-2])) for c in cells], 3))
    file.write_bytes(images.to_png8(torch.cat(rows, 2)[0].permute(1, 2, 0).cpu().numpy()))


def quality(trainer: Trainer, photos: Photos) -> list[dict[str, float]]:
    """Of each style of a trainer: its losses on photographs that were never trained on."""
    seen = photos.validation(256).to(trainer.ema[0].device)
    found = []
    for painting in range(trainer.loss.paintings):
        losses = [trainer.evaluate(one[None], trainer.config.default_target(painting)) for one in seen]
        found.append({name: round(float(np.mean([one[name] for one in losses])), 4) for name in ("content", "style")})
        print(painting, found[-1], flush=True)
    return found


def write(file: Path, network: Network, found: dict[str, dict[str, float]], photos: Photos, photos_licence: str) -> None:
    """The shipped file: weights, styles, how they were trained, and how good they are."""
    records = yaml.safe_load(shipped("paintings", "styles.yaml").read_text(encoding="utf-8"))["styles"]
    texts = [{name: records[style][name] for name in ("title", "painter", "year", "licence")} for style in found]
    styles = tuple(FastStyle(style, rows=embedding_indices(i), **texts[i]) for i, style in enumerate(found))
    phases = [{**dataclasses.asdict(phase.config), "done": phase.until} for phase in (*PHASES, LEARNING, *TOGETHER)]
    training = {
        "steps": sum(phase["done"] for phase in phases),
        "phases": phases,
        "encoder": "vgg16",
        "photographs": len(photos),
        "photographs_licence": photos_licence,
        "torch": str(torch.__version__),
    }
    told = {"what": "mean over 20 held-out photographs at 256 px, strength 0.5, detail 0.5", **found}
    fast.write(
        file,
        {name: value.cpu().numpy() for name, value in network.state_dict().items()},
        FastHeader(network.spec, network.embeddings, styles, training, told, noise=network.noise),
    )


def opened(file: Path, side: int) -> Tensor:
    """(1, 3, H, W), its long side at most ``side``."""
    rgb = images.filled(images.decode(file.read_bytes(), images.Limits.of(Settings.load())))
    picture = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None]
    return resize(picture, fit(picture.shape[-2:], side)).clamp(0, 1) if max(picture.shape) > side else picture


if __name__ == "__main__":
    main()
