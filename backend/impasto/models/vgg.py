"""The two VGG networks as tables: which convolutions they have and how wide they are.

Simonyan & Zisserman 2014 (arXiv 1409.1556), configurations D and E. Only the convolutional part; every kernel is 3 x 3.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTHS = (64, 128, 256, 512, 512)

DEPTHS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions in each of the five blocks."""


@dataclass(frozen=True)
class Layer:
    """One convolution: ``name`` such as ``conv3_2``, channels in and out."""

    name: str
    block: int
    index: int
    channels_in: int
    channels_out: int

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its two tensors: kernel (out, in, 3, 3) and bias (out,)."""
        return {f"{self.name}.weight": (self.channels_out, self.channels_in, 3, 3), f"{self.name}.bias": (self.channels_out,)}


def layers(architecture: str) -> list[Layer]:
    """The convolutions of ``architecture`` ("vgg16" or "vgg19"), from the picture inwards."""
    found, channels = [], 3
    for block, (depth, width) in enumerate(zip(DEPTHS[architecture], WIDTHS, strict=True), start=1):
        for index in range(1, depth + 1):
            found.append(Layer(f"conv{block}_{index}", block, index, channels, width))
            channels = width
    return found


def shapes(architecture: str) -> dict[str, tuple[int, ...]]:
    """Tensor name -> shape, for every tensor of ``architecture``."""
    return {name: shape for layer in layers(architecture) for name, shape in layer.shapes.items()}
