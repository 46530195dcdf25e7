"""Every fast style that ships on grounds with nothing on them: stripes, grids, rings, halos, and what is bright and what is dark.

    python benchmarks/flat_grounds.py [--without-noise] [--without-tones] [--styles ID...] [--sheet FILE.png]

The grounds are drawn here. ``stripes`` and ``rings`` are those of ``impasto.style.measure``: the share of the power that rows,
columns or rings have alike. ``halo``: how much brighter or darker it is beside a line than elsewhere on the paper, and ``white``:
how much brighter white paper is than black, both in steps of 255 (means over the styles). ``--without-noise`` and
``--without-tones`` leave out what helps against them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from impasto.engine.networks import open_network
from impasto.models import fast
from impasto.paths import shipped
from impasto.style import measure
from impasto.style.colour import luminance
from impasto.style.mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, mix_embeddings
from impasto.style.tone import tone_share
from pictures import open_picture, paint, to_pil
from PIL import Image, ImageDraw
from torch import Tensor

HEIGHT, WIDTH = 480, 640
PHOTO = Path(__file__).resolve().parents[1] / "examples" / "moraine-lake.jpg"
EMPTY = 190
"""Px at the left of the drawn pictures that nothing is drawn on."""
NEAR, FAR = (8, 24), 60
"""Px from a line: where a halo would be, and where there is none any more."""


def in_8_bits(picture: Tensor) -> Tensor:
    return (picture * 255).round() / 255


def plain(*colour: float) -> Tensor:
    return in_8_bits(torch.tensor(colour).view(1, 3, 1, 1) / 255).expand(1, 3, HEIGHT, WIDTH)


def sky() -> Tensor:
    """A step of 255 every 12 rows."""
    return between((120, 160, 220), (160, 200, 210), torch.linspace(0, 1, HEIGHT)[:, None])


def radial() -> Tensor:
    y, x = torch.meshgrid(torch.linspace(-1, 1, HEIGHT), torch.linspace(-1, 1, WIDTH), indexing="ij")
    return between((250, 200, 120), (80, 64, 165), torch.hypot(y, x) / 2**0.5)


def between(first: tuple[int, ...], last: tuple[int, ...], along: Tensor) -> Tensor:
    """(1, 3, H, W) from one colour to another in steps of 255."""
    colours = [plain(*colour) for colour in (first, last)]
    return in_8_bits(torch.lerp(*colours, along))


def lines() -> Tensor:
    drawing = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(drawing)
    pen.ellipse((240, 160, 400, 320), outline="black", width=5)
    pen.line((260, 100, 320, 60, 380, 100), fill="black", width=5)
    pen.line((200, 400, 440, 420), fill="black", width=5)
    return torch.from_numpy(np.array(drawing)).permute(2, 0, 1)[None].float() / 255


def photo_on_white() -> Tensor:
    picture = plain(255, 255, 255).clone()
    picture[..., 160:320, 220:420] = open_picture(PHOTO, 213)[..., :160, :200]
    return picture


GROUNDS: dict[str, tuple[Callable[[], Tensor], Callable[[Tensor], float]]] = {
    "black": (lambda: plain(0, 0, 0), measure.stripes),
    "white": (lambda: plain(255, 255, 255), measure.stripes),
    "blue": (lambda: plain(30, 90, 200), measure.stripes),
    "sky": (sky, measure.stripes),
    "radial": (radial, measure.rings),
    "lines": (lines, lambda painted: measure.stripes(painted[..., :EMPTY])),
    "photo on white": (photo_on_white, lambda painted: measure.stripes(painted[..., :EMPTY])),
}


def halo(painted: Tensor, drawing: Tensor) -> float:
    """Steps of 255 by which the paper is brighter or darker beside the lines than far from them."""
    ink = (luminance(drawing) < 0.5).float()
    far, inner, outer = (within(ink, px) for px in (FAR, *NEAR))
    bright = luminance(painted)
    return 255 * abs(float(bright[(outer - inner) > 0.5].mean() - bright[far < 0.5].mean()))


def within(marks: Tensor, px: int) -> Tensor:
    """1 wherever there is a mark in the square of so many px around."""
    across = torch.nn.functional.max_pool2d(marks, (1, 2 * px + 1), 1, (0, px))
    return torch.nn.functional.max_pool2d(across, (2 * px + 1, 1), 1, (px, 0))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--without-noise", action="store_true")
    arguments.add_argument("--without-tones", action="store_true")
    arguments.add_argument("--styles", nargs="+", default=[])
    arguments.add_argument("--sheet", type=Path)
    given = arguments.parse_args()
    file = shipped("fast", "impasto.safetensors")
    network, header = open_network(file).prepare_for_inference(torch.float32), fast.inspect(file)
    network.noise = 0.0 if given.without_noise else network.noise
    tones = 0.0 if given.without_tones else tone_share(DEFAULT_STRENGTH)
    styles = [style for style in header.styles if not given.styles or style.id in given.styles]
    pictures = {name: draw() for name, (draw, _) in GROUNDS.items()}
    found, cells, halos, whites = {name: {} for name in GROUNDS}, [], [], []
    for style in styles:
        mix = mix_embeddings(header.rows, [style.rows], [1.0], DEFAULT_STRENGTH, DEFAULT_DETAIL)
        painted = {name: paint(network, picture, mix, tones) for name, picture in pictures.items()}
        for name, (_, measured) in GROUNDS.items():
            found[name][style.id] = measured(painted[name])
        halos.append(halo(painted["lines"], pictures["lines"]))
        whites.append(255 * float((luminance(painted["white"]) - luminance(painted["black"])).mean()))
        print(f"{style.id:18}", *(f"{name} {found[name][style.id]:.3f}" for name in GROUNDS), f"halo {halos[-1]:.1f}", flush=True)
        cells.append([to_pil(one) for one in painted.values()])
    for name, shares in found.items():
        worst = max(shares, key=lambda style: shares[style])
        print(f"{name:18} median {np.median(list(shares.values())):.3f}, most {shares[worst]:.3f} ({worst})")
    print(f"halo {np.mean(halos):.1f} (most {max(halos):.1f}), white {np.mean(whites):.1f} (least {min(whites):.1f})")
    if given.sheet:
        sheet = Image.new("RGB", (WIDTH * len(GROUNDS), HEIGHT * len(cells)))
        for down, row in enumerate(cells):
            for across, cell in enumerate(row):
                sheet.paste(cell, (WIDTH * across, HEIGHT * down))
        sheet.save(given.sheet)


if __name__ == "__main__":
    main()
