"""The iterative method by several settings side by side: a sheet to look at, and distances.

    python benchmarks/style_losses.py --data PICTURES --out SHEET [--side 384] --of loss=w2 --of loss=nearest,init=content ...

`PICTURES` has folders contents/ and paintings/. Each row is one pair of PAIRS; columns are the content, then each setting.
Distances are those of ``impasto.style.measure`` (smaller is better), with VGG-16; the time is processor time.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import impasto
from impasto.models import Catalogue, ModelStore
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.style import Encoder
from impasto.style.measure import distances
from pictures import from_pil, open_picture, to_pil
from PIL import Image

PAIRS = [
    ("animal_kitten.jpg", "vangogh_starry_night.jpg"),
    ("portrait_astronaut.png", "munch_scream.jpg"),
    ("landscape_moraine_lake.jpg", "hokusai_great_wave.jpg"),
]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--side", type=int, default=384)
    arguments.add_argument("--of", action="append", required=True)
    given = arguments.parse_args()
    settings = Settings.load()
    encoder = Encoder(*ModelStore(Catalogue.load(), Paths.of(settings), settings).load("vgg16"))
    width, height = given.side, given.side * 3 // 4
    sheet = Image.new("RGB", (width * (len(given.of) + 1), height * len(PAIRS)))
    for row, (content_name, style_name) in enumerate(PAIRS):
        content = open_picture(given.data / "contents" / content_name, given.side, landscape=True)
        style = open_picture(given.data / "paintings" / style_name, 1024)
        sheet.paste(to_pil(content), (0, row * height))
        for column, setting in enumerate(given.of, 1):
            values = dict(pair.split("=", 1) for pair in setting.split(","))
            began = time.process_time()
            painted = impasto.stylize(to_pil(content), to_pil(style), method="iterative", encoder="vgg16", **values)
            took = time.process_time() - began
            sheet.paste(painted, (column * width, row * height))
            sheet.save(given.out)
            found = distances(from_pil(painted), content, style, encoder)
            told = "  ".join(f"{name} {value:.3f}" for name, value in found.items())
            print(f"{content_name}  {setting}  {told}  {took:.0f} s", flush=True)


if __name__ == "__main__":
    main()
