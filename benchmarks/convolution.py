"""Winograd's convolutions against PyTorch's own at the encoder's shapes.

    python benchmarks/convolution.py [--repeat N]

Prints the ratio (own / Winograd; above 1 Winograd is quicker) for every width and size; docs/benchmarks.md has the figures.
"""

from __future__ import annotations

import argparse
from functools import partial

import torch
from impasto.style import convolution
from timing import best
from torch.nn import functional as F

WIDTHS = [(64, 64), (128, 128), (256, 256), (512, 512)]
SIZES = [(16, 16), (24, 32), (48, 64), (96, 128), (192, 256), (384, 512)]
MAX_OPERATIONS = 2e11


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--repeat", type=int, default=7)
    repeat = arguments.parse_args().repeat
    if not torch._nnpack_available():
        raise SystemExit("This build of PyTorch has no NNPACK, so there is nothing to compare.")
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; own / Winograd")
    for inputs, outputs in WIDTHS:
        row = []
        for height, width in SIZES:
            if 18 * inputs * outputs * height * width > MAX_OPERATIONS:
                continue
            x, weight = torch.randn(1, inputs, height, width), torch.randn(outputs, inputs, 3, 3) / 30
            bias = torch.zeros(outputs)
            with torch.inference_mode():
                own = best(partial(F.conv2d, x, weight, bias, padding=1), repeat)
                winograd = best(partial(torch._nnpack_spatial_convolution, x, weight, bias, padding=1), repeat)
            row.append(f"{width}x{height}: {own / winograd:.2f}{'' if convolution._winograd_pays(x, weight) else ' (own is used)'}")
        print(f"{inputs} -> {outputs}   " + "   ".join(row), flush=True)


if __name__ == "__main__":
    main()
