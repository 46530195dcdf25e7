"""How good the fast method is with paintings that no training has seen: predicted, refined, and learnt.

    python benchmarks/unseen.py --paintings FOLDER --contents PICTURE... [--refine 0 40] [--train] [--sheet FILE.png]

The paintings are those of :data:`UNSEEN`, which the network that ships and its predictor were never trained with.
Distances are those of ``impasto.style.measure`` (smaller is better) at 448 px; seconds are this machine's.
``--train`` learns each painting, too, which takes minutes; the styles go into a folder that is removed.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import impasto
import numpy as np
import torch
from impasto.engine.engine import Engine
from impasto.observer import Observer
from impasto.style import measure
from pictures import open_picture
from PIL import Image

UNSEEN = ("vangogh_wheatfield_crows", "monet_etretat", "vangogh_road_tarascon", "cezanne_basket_apples")

SIDE = 448


def picture(file: Path) -> np.ndarray:
    """(H, W, 3) uint8, at most SIDE px long."""
    with Image.open(file) as image:
        image = image.convert("RGB")
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        return np.asarray(image)


def tensor(pixels: np.ndarray) -> torch.Tensor:
    """(1, 3, H, W), 0..1."""
    return torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--paintings", type=Path, required=True)
    arguments.add_argument("--contents", type=Path, nargs="+", required=True)
    arguments.add_argument("--refine", type=int, nargs="+", default=[0, 40])
    arguments.add_argument("--train", action="store_true")
    arguments.add_argument("--sheet", type=Path)
    given = arguments.parse_args()
    ways: list[tuple[str, dict[str, Any]]] = [(f"refine {steps}", {"method": "fast", "refine": steps}) for steps in given.refine]
    found: dict[str, list[dict[str, float]]] = {}
    rows = []
    with tempfile.TemporaryDirectory() as name:
        settings = impasto.Settings.load()
        weights = settings.weights_dir or str(Engine(settings).paths.weights)
        engine = Engine(dataclasses.replace(settings, data_dir=name, weights_dir=weights))
        encoder, _ = engine.encoder("vgg16", Observer())
        for painting in UNSEEN:
            file = given.paintings / f"{painting}.jpg"
            learnt = [("learnt", impasto.learn(file, engine=engine)[0].id)] if given.train else []
            style = open_picture(file, SIDE)
            cells = [picture(file)]
            for content in given.contents:
                photo = picture(content)
                for way, style_of, parameters in [(way, file, p) for way, p in ways] + [(way, id, {}) for way, id in learnt]:
                    began = time.perf_counter()
                    painted = impasto.stylize(photo, style_of, engine=engine, **parameters)
                    took = time.perf_counter() - began
                    distances = measure.distances(tensor(painted), tensor(photo), style, encoder)
                    found.setdefault(way, []).append({**distances, "seconds": took})
                    print(
                        f"{painting:28} {content.stem:28} {way:12}",
                        *(f"{k} {v:.3f}" for k, v in found[way][-1].items()),
                        flush=True,
                    )
                    cells.append(painted)
            rows.append(cells)
    for way, all_of_it in found.items():
        means = {key: float(np.mean([one[key] for one in all_of_it])) for key in all_of_it[0]}
        print(f"{'mean':58}{way:12}", *(f"{k} {v:.3f}" for k, v in means.items()))
    if given.sheet:
        height = min(cell.shape[0] for cells in rows for cell in cells)
        strips = []
        for cells in rows:
            images = [Image.fromarray(cell) for cell in cells]
            strips.append(np.hstack([np.asarray(one.resize((round(one.width * height / one.height), height))) for one in images]))
        width = min(strip.shape[1] for strip in strips)
        Image.fromarray(np.vstack([strip[:, :width] for strip in strips])).save(given.sheet)


if __name__ == "__main__":
    main()
