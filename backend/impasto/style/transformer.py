"""Image transformation networks: one forward pass paints a picture.

Johnson, Alahi & Fei-Fei 2016 (arXiv 1603.08155) with the instance norm of Ulyanov et al. 2016 (arXiv 1607.08022), made
conditional as in Dumoulin, Shlens & Kudlur 2017 (arXiv 1610.07629): one set of convolutions, and a row of scales and shifts
for every style. Rows may be mixed by any weights, which is how styles are blended, how strength is set (a mix with the row
that paints the picture as it is) and how strokes get broader or finer (a mix of the rows learnt at two sizes of one painting).

A network is built from a short string that its file carries:

    johnson:16-32-64x5    widths at full, half and quarter size, and the number of residual blocks
    lean:48x4             everything at quarter size (CPUs, previews): width and residual blocks
    texture:8x5           Ulyanov's multi-scale texture network: width of a branch and number of scales

What keeps them clean: enlarging is nearest neighbour then convolution (transposed convolutions leave checkerboards); every
convolution but the texture network's noise inputs sees reflected borders (zeros leave a halo); normalisation has no spatial
extent and no activation follows the sum of a residual block (blobs grow where a norm can be cheated by one strong spot).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .convolution import convolve

INPUT_MEAN, INPUT_STD = 0.45, 0.25
"""Of natural photographs, sRGB 0..1: what networks are fed has about zero mean and unit variance."""

NORM_EPS = 1e-4


class Convolution(nn.Module):
    """A convolution that sees its picture reflected at the borders. Odd ``kernel``; ``stride`` 1 or 2."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stride, self.margin = stride, kernel // 2
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride)."""
        return convolve(_reflected(x, self.margin), self.weight, self.bias, self.stride)


def _reflected(x: Tensor, margin: int) -> Tensor:
    # A picture thinner than the margin cannot be reflected so far.
    thin = margin >= min(x.shape[-2:])
    return F.pad(x, (margin,) * 4, mode="replicate" if thin else "reflect") if margin else x


class ConditionalNorm(nn.Module):
    """Instance norm whose scale and shift are a mix of rows: ``sum_r m_r gamma_r * (x - mu) / sigma + sum_r m_r beta_r``.

    With ``statistics`` set, (mean, standard deviation) of (1, C, 1, 1) each, those are used instead of the input's own: that is
    how tiles of one picture are painted alike. ``recording`` sets them, from all of a batch together.
    """

    def __init__(self, rows: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(rows, channels))
        self.beta = nn.Parameter(torch.zeros(rows, channels))
        self.statistics: tuple[Tensor, Tensor] | None = None
        self.recording = False

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """``x`` (N, C, H, W), ``mix`` (N, rows) -> (N, C, H, W)."""
        gamma, beta = mix.to(x.dtype) @ self.gamma.to(x.dtype), mix.to(x.dtype) @ self.beta.to(x.dtype)
        mean, deviation = self.statistics or self._measured(x)
        scale = gamma[..., None, None] / deviation.to(x.dtype)
        return torch.addcmul(beta[..., None, None] - mean.to(x.dtype) * scale, x, scale)

    def _measured(self, x: Tensor) -> tuple[Tensor, Tensor]:
        over = (0, 2, 3) if self.recording else (2, 3)
        variance, mean = _var_mean(x.float(), over)
        found = mean, (variance + NORM_EPS).sqrt()
        if self.recording:
            self.statistics = found
        return found


CANCELLED = 1e-3
"""Share of the mean square below which a variance, taken as the difference of the two, has too few digits left."""


def _var_mean(x: Tensor, over: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    # PyTorch's own goes over the numbers one by one on a CPU: it took a quarter of a pass through the network.
    if x.device.type == "cpu" and not torch.is_grad_enabled():
        mean = x.mean(over, keepdim=True)
        square = torch.linalg.vector_norm(x, dim=over, keepdim=True).square() * (mean.numel() / x.numel())
        variance = square - mean.square()
        if bool((variance > CANCELLED * square).all()):
            return variance, mean
    return torch.var_mean(x, over, correction=0, keepdim=True)


class Block(nn.Module):
    """Convolution, norm, rectifier."""

    def __init__(self, rows: int, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.convolution = Convolution(inputs, outputs, kernel, stride)
        self.norm = ConditionalNorm(rows, outputs)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        return F.relu(self.norm(self.convolution(x), mix), inplace=not self.training)


class Residual(nn.Module):
    """``x + norm(conv(relu(norm(conv(x)))))``."""

    def __init__(self, rows: int, channels: int) -> None:
        super().__init__()
        self.first = Block(rows, channels, channels, 3)
        self.convolution = Convolution(channels, channels, 3)
        self.norm = ConditionalNorm(rows, channels)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        return x + self.norm(self.convolution(self.first(x, mix)), mix)


class Network(nn.Module):
    """What all transformation networks share: (N, 3, H, W) sRGB 0..1 and a mix of rows in, a painting of the same size out.

    ``stride``: the factor by which the coarsest features are smaller; ``radius``: how far, in px, an output looks around itself
    (normalisation apart); ``tiles``: whether parts of a picture can be painted one by one.
    """

    stride = 4
    radius = 0
    tiles = True

    def __init__(self, spec: str, rows: int) -> None:
        super().__init__()
        self.spec, self.rows = spec, rows

    def forward(self, picture: Tensor, mix: Tensor) -> Tensor:
        """``mix`` (N, rows), each row's share. The output is not clamped: training needs to feel where it leaves 0..1."""
        height, width = picture.shape[-2:]
        x = _multiple((picture - INPUT_MEAN) / INPUT_STD, self.stride)
        return (self.paint(x, mix) * INPUT_STD + INPUT_MEAN)[..., :height, :width]

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        """The network itself, on normalised pictures with sides that are multiples of :attr:`stride`."""
        raise NotImplementedError

    def norms(self) -> Iterator[ConditionalNorm]:
        """Every conditional norm, in a fixed order."""
        return (module for module in self.modules() if isinstance(module, ConditionalNorm))


class Johnson(Network):
    """Two strides down, residual blocks, two doublings up; 9 x 9 convolutions at both ends."""

    def __init__(self, spec: str, rows: int, widths: tuple[int, int, int], blocks: int) -> None:
        super().__init__(spec, rows)
        full, half, quarter = widths
        self.radius = 4 + 1 + 2 + 4 * 2 * blocks + 4 + 2 + 4 + 1
        self.down = nn.ModuleList([Block(rows, 3, full, 9), Block(rows, full, half, 3, 2), Block(rows, half, quarter, 3, 2)])
        self.residual = nn.ModuleList([Residual(rows, quarter) for _ in range(blocks)])
        self.up = nn.ModuleList([Block(rows, quarter, half, 3), Block(rows, half, full, 3)])
        self.out = Convolution(full, 3, 9)

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        for block in (*self.down, *self.residual):
            x = block(x, mix)
        for block in self.up:
            x = block(F.interpolate(x, scale_factor=2, mode="nearest"), mix)
        return self.out(x)


class Lean(Network):
    """Space to depth, residual blocks at quarter size, two doublings that get narrower: little happens where the pixels are many.

    Space to depth loses nothing, so nothing is convolved at full size on the way in.
    """

    def __init__(self, spec: str, rows: int, width: int, blocks: int) -> None:
        super().__init__(spec, rows)
        half, full = max(8, 3 * width // 8), max(8, width // 4)
        self.radius = 4 + 4 + 4 * 2 * blocks + 4 + 2 + 4
        self.first = Block(rows, 48, width, 3)
        self.residual = nn.ModuleList([Residual(rows, width) for _ in range(blocks)])
        self.up = nn.ModuleList([Block(rows, width, half, 3), Block(rows, half, full, 3)])
        self.out = Convolution(full, 3, 5)

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        x = self.first(F.pixel_unshuffle(x, 4), mix)
        for block in self.residual:
            x = block(x, mix)
        for block in self.up:
            x = block(F.interpolate(x, scale_factor=2, mode="nearest"), mix)
        return self.out(x)


class Texture(Network):
    """Ulyanov et al. 2016 (arXiv 1603.03417), figure 2: branches at 1/2^k of the size, joined from the coarsest up.

    Each branch sees the picture and as many channels of noise; from the noise alone (a picture of no content: mid-grey) it
    generates texture of any size. Always in one piece: noise is drawn for a whole picture, so tiles would not join.
    """

    NOISE = 3
    tiles = False

    def __init__(self, spec: str, rows: int, width: int, scales: int) -> None:
        super().__init__(spec, rows)
        self.scales, self.stride = scales, 2 ** (scales - 1)
        self.radius = 6 * 2 ** scales
        self.branches = nn.ModuleList([self._unit(rows, 3 + self.NOISE, width) for _ in range(scales)])
        self.joins = nn.ModuleList([self._unit(rows, width * (k + 2), width * (k + 2)) for k in range(scales - 1)])
        self.coarse = nn.ModuleList([ConditionalNorm(rows, width * (k + 1)) for k in range(scales - 1)])
        self.fine = nn.ModuleList([ConditionalNorm(rows, width) for _ in range(scales - 1)])
        self.out = Convolution(width * scales, 3, 1)

    @staticmethod
    def _unit(rows: int, inputs: int, width: int) -> nn.ModuleList:
        return nn.ModuleList([Block(rows, inputs, width, 3), Block(rows, width, width, 3), Block(rows, width, width, 1)])

    def paint(self, x: Tensor, mix: Tensor) -> Tensor:
        painted: Tensor | None = None
        for level in reversed(range(self.scales)):
            small = F.avg_pool2d(x, 2**level) if level else x
            branch = torch.cat([small, self._noise(small, level)], 1)
            for block in self.branches[level]:
                branch = block(branch, mix)
            if painted is None:
                painted = branch
                continue
            join = self.scales - 2 - level
            grown = F.interpolate(painted, scale_factor=2, mode="nearest")
            painted = torch.cat([self.coarse[join](grown, mix), self.fine[join](branch, mix)], 1)
            for block in self.joins[join]:
                painted = block(painted, mix)
        return self.out(painted)

    def _noise(self, like: Tensor, level: int) -> Tensor:
        if self.training:
            return torch.randn(like.shape[0], self.NOISE, *like.shape[-2:], device=like.device, dtype=like.dtype)
        generator = torch.Generator().manual_seed(level)
        drawn = torch.randn(1, self.NOISE, *like.shape[-2:], generator=generator)
        return drawn.to(like).expand(like.shape[0], -1, -1, -1)


_SPEC = re.compile(r"johnson:(\d{1,3})-(\d{1,3})-(\d{1,3})x(\d{1,2})|lean:(\d{1,3})x(\d{1,2})|texture:(\d{1,2})x(\d)")

WIDEST, DEEPEST, MOST_ROWS = 256, 16, 512
"""What a file may ask for: nobody's network is wider, and a hostile one could ask for all memory there is."""


def build(spec: str, rows: int) -> Network:
    """An untrained network with ``rows`` rows. Raises ``ValueError`` for a string that names none."""
    match = _SPEC.fullmatch(spec)
    numbers = [int(n) for n in match.groups() if n] if match else []
    if not numbers or not all(1 <= n <= WIDEST for n in numbers) or numbers[-1] > DEEPEST or not 1 <= rows <= MOST_ROWS:
        raise ValueError(f"no network is called {spec!r} with {rows} rows")
    if spec.startswith("johnson"):
        return Johnson(spec, rows, (numbers[0], numbers[1], numbers[2]), numbers[3])
    if spec.startswith("lean"):
        return Lean(spec, rows, *numbers)
    if numbers[1] < 2:
        raise ValueError(f"no network is called {spec!r}: a texture network has two scales or more")
    return Texture(spec, rows, *numbers)


def _multiple(x: Tensor, stride: int) -> Tensor:
    """``x`` with its right and bottom replicated to sides that are multiples of ``stride``; else they would show glitches."""
    height, width = x.shape[-2:]
    right, below = -width % stride, -height % stride
    return F.pad(x, (0, right, 0, below), mode="replicate") if right or below else x


def parameters_of_a_row(network: Network) -> int:
    """How many numbers one more style costs."""
    return sum(2 * norm.gamma.shape[1] for norm in network.norms())


def receptive_margin(network: Network) -> int:
    """:attr:`Network.radius`, rounded up to a multiple of the stride: tiles that overlap by this much join without a seam."""
    return math.ceil(network.radius / network.stride) * network.stride
