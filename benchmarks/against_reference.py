"""Our iterative method against crowsonkb/style-transfer-pytorch: same pictures, same encoder, same time.

    python benchmarks/against_reference.py --reference CHECKOUT --data PICTURES [--pairs N] [--side 512] [--out FOLDER]

For each pair ours runs first, at its defaults. The reference then runs at its own defaults (W2 losses,
Adam 0.02, scales 128..side by sqrt 2, content 0.015, TV 2), its step counts scaled down in proportion until the whole takes as
long as ours did: run as it stands it would still be at 128 px when our time is up, so this is the kinder reading of
"the same time". Its VGG-19 is replaced by our encoder, with activations in the range that its weights were tuned for.

`CHECKOUT` is a clone of the reference (not part of this project, MIT); `PICTURES` has folders contents/ and paintings/.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import sys
import time
import types
from pathlib import Path

import impasto
import torch
from impasto.models import Catalogue, ModelStore
from impasto.models.vision_compat import import_torchvision
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.style import Encoder
from impasto.style.measure import distances
from pictures import from_pil, open_picture, to_pil
from torch import nn

PAIRS = [
    ("landscape_moraine_lake.jpg", "vangogh_starry_night.jpg"),
    ("portrait_astronaut.png", "delaunay_metzinger.jpg"),
    ("architecture_colosseum.jpg", "hokusai_great_wave.jpg"),
    ("animal_kitten.jpg", "kandinsky_composition_vii.jpg"),
    ("street_london_rain.jpg", "munch_scream.jpg"),
    ("highcontrast_zion_tunnel.jpg", "monet_water_lily_pond.jpg"),
    ("closeup_spices.jpg", "klee_oriental_garden.jpg"),
    ("animal_budgie.jpg", "mondrian_red_tree.jpg"),
]


def ours(content, style):
    clock = Clock()
    painted = impasto.stylize(to_pil(content), to_pil(style), method="iterative", encoder="vgg16")
    return from_pil(painted), clock.read()


class Clock:
    """Wall and processor seconds. The reference's share is set by the latter, which other work on the machine hardly changes."""

    def __init__(self):
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self):
        return {"seconds": round(time.perf_counter() - self.wall), "cpu_seconds": round(time.process_time() - self.cpu)}


class Reference:
    """The reference implementation with our encoder's weights in it."""

    LAYERS = {"content": ["relu4_2"], "style": ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]}

    def __init__(self, checkout: Path, encoder: Encoder):
        import_torchvision()
        package = types.ModuleType("style_transfer")  # its own __init__ wants a web server
        package.__path__ = [str(checkout / "style_transfer")]
        sys.modules["style_transfer"] = package
        self.module = importlib.import_module("style_transfer.style_transfer")
        features, index = self._features(encoder)
        self.module.models = types.SimpleNamespace(
            vgg19=lambda weights: types.SimpleNamespace(features=features), VGG19_Weights=types.SimpleNamespace(IMAGENET1K_V1=None)
        )
        self.index = index
        self.pace, self.overhead = [], 0.0

    @staticmethod
    def _features(encoder: Encoder):
        """Our convolutions as the nn.Sequential it expects, its own input normalisation undone and ours folded in."""
        modules, index, block = [], {}, "1"
        theirs_mean, theirs_std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        for name in encoder.layers:
            weight, bias = getattr(encoder, f"{name}_weight").clone(), getattr(encoder, f"{name}_bias").clone()
            if name == "conv1_1":
                mean, std = encoder.mean.flatten(), encoder.std.flatten()
                bias += (weight.sum((2, 3)) * ((theirs_mean - mean) / std)).sum(1)
                weight *= (theirs_std / std).view(1, 3, 1, 1)
            if name[4] != block:
                block = name[4]
                modules.append(nn.MaxPool2d(2))
            conv = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            conv.weight.data, conv.bias.data = weight, bias
            modules += [conv, nn.ReLU(inplace=False)]
            index[name.replace("conv", "relu")] = len(modules) - 1
        return nn.Sequential(*modules), index

    def run(self, content, style, side, share, steps=None):
        """Its result, its seconds, and its processor seconds per step at each scale.

        ``share``: of its default step counts; ``steps``: exactly so many, at each scale.
        """
        transfer = self.module.StyleTransfer(devices=["cpu"])
        transfer.content_layers = [self.index[name] for name in self.LAYERS["content"]]
        transfer.style_layers = [self.index[name] for name in self.LAYERS["style"]]
        transfer.model = self.module.VGGFeatures(transfer.style_layers + transfer.content_layers)
        stamps: dict[int, list[float]] = {}
        clock = Clock()
        with contextlib.redirect_stdout(io.StringIO()):
            transfer.stylize(
                to_pil(content),
                [to_pil(style)],
                end_scale=side,
                initial_iterations=steps or max(1, round(1000 * share)),
                iterations=steps or max(1, round(500 * share)),
                callback=lambda i: stamps.setdefault(i.w, []).append(time.process_time()),
            )
        seconds = clock.read()
        pace = [(s[-1] - s[0]) / (len(s) - 1) for s in stamps.values() if len(s) > 1]
        return transfer.get_image_tensor()[None], seconds, pace

    def share_for(self, content, style, side, budget):
        """The share of its default steps that fits into ``budget`` processor seconds, from a short run at every scale."""
        if not self.pace:
            _, seconds, self.pace = self.run(content, style, side, 0, steps=4)
            self.overhead = max(0.0, seconds["cpu_seconds"] - 4 * sum(self.pace))
        return (budget - self.overhead) / (1000 * self.pace[0] + 500 * sum(self.pace[1:]))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--reference", type=Path, required=True)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--pairs", type=int, default=6)
    arguments.add_argument("--first", type=int, default=0)
    arguments.add_argument("--side", type=int, default=512)
    arguments.add_argument("--out", type=Path, default=Path("out/benchmark"))
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    settings = Settings.load()
    store = ModelStore(Catalogue.load(), Paths.of(settings), settings)
    encoder = Encoder(*store.load("vgg16"))
    reference = Reference(given.reference, encoder)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, vgg16, {given.side} px", flush=True)
    wins = 0
    pairs = PAIRS[given.first : given.first + given.pairs]
    for content_name, style_name in pairs:
        content = open_picture(given.data / "contents" / content_name, given.side, landscape=True)
        style = open_picture(given.data / "paintings" / style_name, 1024)
        mine, seconds = ours(content, style)
        # A step costs the same in every pair, so its pace is measured once; what each pair really took is printed.
        share = reference.share_for(content, style, given.side, seconds["cpu_seconds"])
        theirs, their_seconds, _ = reference.run(content, style, given.side, share)
        a, b = distances(mine, content, style, encoder), distances(theirs, content, style, encoder)
        won = a["content"] <= b["content"] and a["gram"] < b["gram"] and a["w2"] < b["w2"]
        wins += won
        row = {
            "content": content_name,
            "style": style_name,
            "ours": {**rounded(a), **seconds},
            "reference": {**rounded(b), **their_seconds, "share": round(share, 3)},
            "better": won,
        }
        print(json.dumps(row), flush=True)
        stem = f"{Path(content_name).stem}--{Path(style_name).stem}"
        to_pil(mine).save(given.out / f"{stem}--ours.png")
        to_pil(theirs).save(given.out / f"{stem}--reference.png")
    print(f"better style at equal or better content: {wins} of {len(pairs)}")


def rounded(distance):
    return {name: round(value, 4) for name, value in distance.items()}


if __name__ == "__main__":
    main()
