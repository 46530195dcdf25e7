"""Image transformation networks: one forward pass paints a picture.

Johnson, Alahi & Fei-Fei 2016 (arXiv 1603.08155) with the instance norm of Ulyanov et al. 2016 (arXiv 1607.08022), made
conditional as in Dumoulin, Shlens & Kudlur 2017 (arXiv 1610.07629): one set of convolutions, and embeddings (scales and
shifts of all norms) for every style. Embeddings may be mixed by any weights, which is how styles are blended, how strength is
set (a mix with the embedding that paints the picture as it is) and how strokes get broader or finer (one that is added); see
``mixing``.

A network is built from a short string that its file carries:

    johnson:16-32-64x5    widths at full, half and quarter size, and the number of residual blocks
    lean:48x4             everything at quarter size (CPUs, previews): width and residual blocks
    hourglass:48-96x5     what is large at an eighth of the size, what is fine at a quarter, edges at half: the first two's widths,
                          and residual blocks
    texture:8x5           Ulyanov's multi-scale texture network: width of a branch and number of scales

What keeps them clean: enlarging is bilinear or nearest neighbour, then convolution (transposed convolutions leave
checkerboards); every convolution but the texture network's noise inputs sees reflected borders (zeros leave a halo);
normalisation has no spatial extent and no activation follows a sum (blobs grow where a norm can be cheated by one strong
spot); and training asks that a picture moved by a px be painted alike (edges otherwise get steps on the grid of the cells).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .layers import ConditionalNorm, Convolution, SubpixelConvolution, UpsampleConvolution

INPUT_MEAN, INPUT_STD = 0.45, 0.25
"""Of natural photographs, sRGB 0..1: what networks are fed has about zero mean and unit variance."""


class Stage(NamedTuple):
    """One convolution with what follows it; a network's stages are its whole program."""

    convolution: Convolution
    norm: ConditionalNorm | None = None
    rectified: bool = False
    skip: int = 0
    """How many stages back the input of a stage is added to this one's output (a skip connection); 1 for the second half of a
    residual block, 0 for none."""

    def finish(self, raw: Tensor, mix: Tensor, earlier: Tensor | None) -> Tensor:
        """The stage's output: its convolution's result ``raw``, normalised, rectified, added to ``earlier``."""
        if self.norm is None:
            return raw
        normalised = self.norm(raw, mix)
        if self.rectified:
            normalised = F.relu(normalised, inplace=not torch.is_grad_enabled())
        if not self.skip:
            return normalised
        return earlier + normalised if torch.is_grad_enabled() else normalised.add_(earlier)


def skip_sources(stages: Sequence[Stage]) -> set[int]:
    """Which stages' inputs (by the stages' numbers) some later stage skip to what it gives; each is added once."""
    return {number - stage.skip for number, stage in enumerate(stages) if stage.skip}


class Block(nn.Module):
    """Convolution, norm, rectifier."""

    def __init__(self, embeddings: int, outputs: int, convolution: Convolution) -> None:
        super().__init__()
        self.convolution = convolution
        self.norm = ConditionalNorm(embeddings, outputs)

    def stage(self) -> Stage:
        """It as a stage."""
        return Stage(self.convolution, self.norm, rectified=True)


class Residual(nn.Module):
    """``x + norm(conv(relu(norm(conv(x)))))``."""

    def __init__(self, embeddings: int, channels: int) -> None:
        super().__init__()
        self.first = Block(embeddings, channels, Convolution(channels, channels, 3))
        self.convolution = Convolution(channels, channels, 3)
        self.norm = ConditionalNorm(embeddings, channels)

    def stages(self) -> tuple[Stage, Stage]:
        """Both halves."""
        return self.first.stage(), Stage(self.convolution, self.norm, skip=1)


ModuleT = TypeVar("ModuleT", bound=nn.Module)


class Modules(nn.ModuleList, Generic[ModuleT]):
    """A list of modules that knows what kind they are."""

    def __iter__(self) -> Iterator[ModuleT]:
        return cast("Iterator[ModuleT]", super().__iter__())


class Network(nn.Module):
    """What all transformation networks share: (N, 3, H, W) sRGB 0..1 and a mix of embeddings in, a painting of the same size out.

    ``stride``: the factor by which the coarsest features are smaller; ``radius``: how far, in px, an output looks around itself
    (normalisation apart); ``staged``: whether it is nothing but its stages, so that a picture can be painted some rows at a time.

    ``noise``: the standard deviation, sRGB 0..1, of the noise that it was trained with and wants in what it paints (see ``noise``);
    who calls the network adds it.
    """

    stride = 4
    radius = 0
    staged = True
    noise = 0.0

    def __init__(self, spec: str, embeddings: int) -> None:
        super().__init__()
        self.spec, self.embeddings = spec, embeddings

    def forward(self, picture: Tensor, mix: Tensor) -> Tensor:
        """``mix`` (N, embeddings), each one's share. The output is not clamped, so that training sees what lies outside of 0..1."""
        height, width = picture.shape[-2:]
        return self.postprocess(self.paint(self.preprocess(multiple(picture, self.stride)), mix))[..., :height, :width]

    def preprocess(self, picture: Tensor) -> Tensor:
        """What the first stage sees of a picture whose sides are multiples of :attr:`stride`."""
        return (picture - INPUT_MEAN) / INPUT_STD

    def postprocess(self, painted: Tensor) -> Tensor:
        """A picture from what the last stage gives."""
        return torch.add(INPUT_MEAN, painted, alpha=INPUT_STD)

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        """The network itself, from what :meth:`preprocess` gives to what :meth:`postprocess` takes: stage after stage."""
        stages = list(self.stages())
        skipped, needed = {}, skip_sources(stages)
        for number, stage in enumerate(stages):
            if number in needed:
                skipped[number] = x
            x = stage.finish(stage.convolution(x), mix, skipped.pop(number - stage.skip) if stage.skip else None)
        return x

    def stages(self) -> Iterator[Stage]:
        """In the order in which a picture goes through them; the last has no norm."""
        raise NotImplementedError

    def prepare_for_inference(self, dtype: torch.dtype) -> Network:
        """For inference with final weights: kernels are computed once, and convolutions compute in ``dtype``.

        All but the last, whose output is the picture and needs full precision. Networks that are not :attr:`staged` stay as
        they are.
        """
        for module in self.modules():
            if isinstance(module, Convolution):
                module.fold_weights()
        if self.staged and dtype != torch.float32:
            for stage in list(self.stages())[:-1]:
                # torch's declarations leave out the memory format, hence the ignore.
                stage.convolution.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        return self

    @property
    def dtype(self) -> torch.dtype:
        """What most of its features are."""
        return next(self.parameters()).dtype

    def norms(self) -> Iterator[ConditionalNorm]:
        """Every conditional norm, in a fixed order."""
        return (module for module in self.modules() if isinstance(module, ConditionalNorm))


class Johnson(Network):
    """Two strides down, residual blocks, two doublings up; 9 x 9 convolutions at both ends."""

    def __init__(self, spec: str, embeddings: int, widths: tuple[int, int, int], blocks: int) -> None:
        super().__init__(spec, embeddings)
        full, half, quarter = widths
        self.radius = 4 + 1 + 2 + 4 * 2 * blocks + 4 + 2 + 4 + 1
        self.down: Modules[Block] = Modules(
            [
                Block(embeddings, full, Convolution(3, full, 9)),
                Block(embeddings, half, Convolution(full, half, 3, 2)),
                Block(embeddings, quarter, Convolution(half, quarter, 3, 2)),
            ]
        )
        self.residual: Modules[Residual] = Modules([Residual(embeddings, quarter) for _ in range(blocks)])
        self.up: Modules[Block] = Modules(
            [Block(embeddings, half, UpsampleConvolution(quarter, half)), Block(embeddings, full, UpsampleConvolution(half, full))]
        )
        self.out = Convolution(full, 3, 9)

    def stages(self) -> Iterator[Stage]:
        """Down, through the blocks, up, out."""
        yield from (block.stage() for block in self.down)
        for residual in self.residual:
            yield from residual.stages()
        yield from (block.stage() for block in self.up)
        yield Stage(self.out)


class Lean(Network):
    """Space to depth, residual blocks at quarter size, two doublings that get narrower: little happens where the pixels are many.

    Space to depth loses nothing, so nothing is convolved at full size on the way in; on the way out the last two convolutions
    work on cells of 2 x 2 px.
    """

    def __init__(self, spec: str, embeddings: int, width: int, blocks: int) -> None:
        super().__init__(spec, embeddings)
        half, full = max(8, 3 * width // 8), max(8, width // 4)
        self.radius = 4 + 4 + 4 * 2 * blocks + 4 + 2 + 4
        self.first = Block(embeddings, width, Convolution(48, width, 3))
        self.residual: Modules[Residual] = Modules([Residual(embeddings, width) for _ in range(blocks)])
        self.up: Modules[Block] = Modules(
            [
                Block(embeddings, half, UpsampleConvolution(width, half)),
                Block(embeddings, full, UpsampleConvolution(half, full, cells=True)),
            ]
        )
        self.out = SubpixelConvolution(full, 3)

    def preprocess(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 48, H / 4, W / 4)."""
        return F.pixel_unshuffle(super().preprocess(picture), 4)

    def stages(self) -> Iterator[Stage]:
        """In, through the blocks, up, out."""
        yield self.first.stage()
        for residual in self.residual:
            yield from residual.stages()
        yield from (block.stage() for block in self.up)
        yield Stage(self.out)


class Hourglass(Network):
    """Down to an eighth of the size, where large forms are cheap, through residual blocks; three more at a quarter; two doublings.

    What is seen at a quarter of the size goes around the coarse blocks, and what is seen at half of it around everything, so those
    need not carry where exactly an edge lies. (A network that begins at a quarter knows an edge only as one of
    sixteen positions in a cell, and draws it in steps.)
    """

    stride = 8
    FINE_BLOCKS = 3

    def __init__(self, spec: str, embeddings: int, width: int, coarse: int, blocks: int) -> None:
        super().__init__(spec, embeddings)
        half, full = max(8, width // 2), max(8, width // 4)
        self.radius = 2 + 4 + 8 + 8 * 2 * blocks + 8 + 4 * 2 * self.FINE_BLOCKS + 4 + 2 + 4
        self.down: Modules[Block] = Modules(
            [
                Block(embeddings, half, Convolution(12, half, 3)),
                Block(embeddings, width, Convolution(half, width, 3, 2)),
                Block(embeddings, coarse, Convolution(width, coarse, 3, 2)),
            ]
        )
        self.coarse: Modules[Residual] = Modules([Residual(embeddings, coarse) for _ in range(blocks)])
        self.join = Block(embeddings, width, UpsampleConvolution(coarse, width, smooth=True))
        self.fine: Modules[Residual] = Modules([Residual(embeddings, width) for _ in range(self.FINE_BLOCKS)])
        self.up: Modules[Block] = Modules(
            [
                Block(embeddings, half, UpsampleConvolution(width, half, smooth=True)),
                Block(embeddings, full, UpsampleConvolution(half, full, cells=True, smooth=True)),
            ]
        )
        self.out = SubpixelConvolution(full, 3)

    def preprocess(self, picture: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, 12, H / 2, W / 2)."""
        return F.pixel_unshuffle(super().preprocess(picture), 2)

    def stages(self) -> Iterator[Stage]:
        """Down, through the coarse blocks, up and joined, through the fine blocks, up and joined, up, out."""
        yield from (block.stage() for block in self.down)
        for residual in self.coarse:
            yield from residual.stages()
        since = 1 + 2 * len(self.coarse)
        yield Stage(self.join.convolution, self.join.norm, skip=since)
        for residual in self.fine:
            yield from residual.stages()
        since += 2 + 2 * len(self.fine)
        joined, last = self.up
        yield joined.stage()._replace(skip=since)
        yield last.stage()
        yield Stage(self.out)


class Texture(Network):
    """Ulyanov et al. 2016 (arXiv 1603.03417), figure 2: branches at 1/2^k of the size, joined from the coarsest up.

    Each branch sees the picture and as many channels of noise; from the noise alone (a picture of no content: mid-grey) it
    generates texture of any size. Always in one piece: its branches join, and noise is drawn for a whole picture.
    """

    NOISE = 3
    staged = False

    def __init__(self, spec: str, embeddings: int, width: int, scales: int) -> None:
        super().__init__(spec, embeddings)
        self.scales, self.stride = scales, 2 ** (scales - 1)
        self.radius = 6 * 2**scales
        self.branches: Modules[Modules[Block]] = Modules([self._unit(embeddings, 3 + self.NOISE, width) for _ in range(scales)])
        self.joins: Modules[Modules[Block]] = Modules(
            [self._unit(embeddings, width * (k + 2), width * (k + 2)) for k in range(scales - 1)]
        )
        self.coarse = nn.ModuleList([ConditionalNorm(embeddings, width * (k + 1)) for k in range(scales - 1)])
        self.fine = nn.ModuleList([ConditionalNorm(embeddings, width) for _ in range(scales - 1)])
        self.out = Convolution(width * scales, 3, 1)

    @staticmethod
    def _unit(embeddings: int, inputs: int, width: int) -> Modules[Block]:
        return Modules(
            [
                Block(embeddings, width, Convolution(inputs, width, 3)),
                Block(embeddings, width, Convolution(width, width, 3)),
                Block(embeddings, width, Convolution(width, width, 1)),
            ]
        )

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        painted: Tensor | None = None
        branches, joins = list(self.branches), list(self.joins)
        for level in reversed(range(self.scales)):
            small = F.avg_pool2d(x, 2**level) if level else x
            branch = torch.cat([small, self._noise(small, level)], 1)
            for block in branches[level]:
                branch = _through(block, branch, mix)
            if painted is None:
                painted = branch
                continue
            join = self.scales - 2 - level
            grown = F.interpolate(painted, scale_factor=2, mode="nearest")
            painted = torch.cat([self.coarse[join](grown, mix), self.fine[join](branch, mix)], 1)
            for block in joins[join]:
                painted = _through(block, painted, mix)
        return self.out(painted)

    def _noise(self, like: Tensor, level: int) -> Tensor:
        if self.training:
            return torch.randn(like.shape[0], self.NOISE, *like.shape[-2:], device=like.device, dtype=like.dtype)
        generator = torch.Generator().manual_seed(level)
        drawn = torch.randn(1, self.NOISE, *like.shape[-2:], generator=generator)
        return drawn.to(like).expand(like.shape[0], -1, -1, -1)


_SPEC = re.compile(
    r"johnson:(\d{1,3})-(\d{1,3})-(\d{1,3})x(\d{1,2})|lean:(\d{1,3})x(\d{1,2})"
    r"|hourglass:(\d{1,3})-(\d{1,3})x(\d{1,2})|texture:(\d{1,2})x(\d)"
)

MAX_CHANNELS, MAX_BLOCKS, MAX_EMBEDDINGS = 256, 16, 512
"""What a file may ask for: nobody's network is wider, and a hostile one could ask for all memory there is."""


def build(spec: str, embeddings: int) -> Network:
    """An untrained network with ``embeddings`` embeddings. Raises ``ValueError`` for a string that names none."""
    match = _SPEC.fullmatch(spec)
    numbers = [int(n) for n in match.groups() if n] if match else []
    if (
        not numbers
        or not all(1 <= n <= MAX_CHANNELS for n in numbers)
        or numbers[-1] > MAX_BLOCKS
        or not 1 <= embeddings <= MAX_EMBEDDINGS
    ):
        raise ValueError(f"no network is called {spec!r} with {embeddings} embeddings")
    if spec.startswith("johnson"):
        return Johnson(spec, embeddings, (numbers[0], numbers[1], numbers[2]), numbers[3])
    if spec.startswith("lean"):
        return Lean(spec, embeddings, *numbers)
    if spec.startswith("hourglass"):
        return Hourglass(spec, embeddings, *numbers)
    if numbers[1] < 2:
        raise ValueError(f"no network is called {spec!r}: a texture network has two scales or more")
    return Texture(spec, embeddings, *numbers)


def _through(block: Block, x: Tensor, mix: Tensor) -> Tensor:
    stage = block.stage()
    return stage.finish(stage.convolution(x), mix, None)


def multiple(x: Tensor, stride: int) -> Tensor:
    """``x`` with its right and bottom replicated to sides that are multiples of ``stride``; else they would show glitches."""
    height, width = x.shape[-2:]
    right, below = -width % stride, -height % stride
    return F.pad(x, (0, right, 0, below), mode="replicate") if right or below else x


def parameters_of_a_row(network: Network) -> int:
    """How many numbers one more style costs."""
    return sum(2 * norm.gamma.shape[1] for norm in network.norms())
