"""What transformation networks are made of: convolutions that see reflected borders, and norms with an embedding for every style.

A convolution paints a whole map of features or some rows of it: ``above`` and ``below`` say whether the map ends there. Where
it does not, the input has to bring :attr:`Convolution.halo` more rows.

Enlarging is nearest neighbour or bilinear, then a convolution. That is the same as another convolution of the small map with four
results for each cell, a *cell* being 2 x 2 px: :class:`UpsampleConvolution`. Results may stay cells for the next convolution
(:class:`SubpixelConvolution`): the maps then have a quarter of the positions and four times the channels, which is far
quicker on CPUs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .convolution import convolve

NORM_EPS = 1e-4


class Convolution(nn.Module):
    """A convolution that sees its map reflected at the borders. Odd ``kernel``; ``stride`` 1 or 2.

    ``up`` rows come out for each ``down`` rows that go in; ``halo``: rows looked at beyond those, on either side.
    """

    up = 1
    folded: Tensor | None

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.down = self.stride = stride
        self.halo = kernel // 2
        self.channels = outputs
        self.register_buffer("folded", None, persistent=False)
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")

    def kernel(self) -> Tensor:
        """What the map is convolved with: the weights, in whatever form is quickest."""
        return self.weight

    def fold_weights(self) -> None:
        """Compute the kernel once. From now on the weights must not change."""
        kernel = self.kernel()
        self.folded = None if kernel is self.weight else kernel.detach()

    def forward(self, x: Tensor, above: bool = True, below: bool = True) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, H / stride, W / stride), in the weights' type."""
        x = x.to(self.weight.dtype)
        margin = self.halo
        # A map thinner than the margin cannot be reflected so far.
        thin = margin >= min(x.shape[-2:])
        sides = (margin, margin, margin * above, margin * below)
        padded = F.pad(x, sides, mode="replicate" if thin else "reflect") if margin else x
        return convolve(padded, self.weight, self.bias, self.stride)


class UpsampleConvolution(Convolution):
    """Enlarging by two and a 3 x 3 convolution, done as one convolution of the small map.

    Enlarged by the nearest neighbour or, ``smooth``, bilinearly: nothing then lies on a grid that a network could learn to show.
    ``cells``: results stay cells, (N, outputs * 4, H, W), the four px of a cell from left to right and from the top down.
    """

    def __init__(self, inputs: int, outputs: int, cells: bool = False, smooth: bool = False) -> None:
        super().__init__(inputs, outputs, 3)
        self.cells = cells
        self.up = 1 if cells else 2
        self.channels = 4 * outputs if cells else outputs
        # taps[p, o, t]: on the row p of a cell, tap t - 1 of the kernel falls on px p + t - 1, in which the cell o - 1 rows
        # further on has this share.
        taps = torch.tensor([[[_share(o - 1, p + t - 1, smooth) for t in range(3)] for o in range(3)] for p in range(2)])
        self.register_buffer("taps", taps, persistent=False)

    def kernel(self) -> Tensor:
        """(outputs * 4, inputs, 3, 3): from the small map to cells."""
        if self.folded is not None:
            return self.folded
        return torch.einsum("poa,qxb,kcab->kpqcox", self.taps, self.taps, self.weight).flatten(0, 2)

    def forward(self, x: Tensor, above: bool = True, below: bool = True) -> Tensor:
        """(N, inputs, H, W) -> (N, outputs, 2 H, 2 W), or cells."""
        weight = self.kernel()
        # A map enlarged by the nearest neighbour and reflected by one px meets the border's own px again.
        padded = F.pad(x.to(weight.dtype), (1, 1, int(above), int(below)), mode="replicate")
        cells = convolve(padded, weight, self.bias.repeat_interleave(4))
        return cells if self.cells else F.pixel_shuffle(cells, 2)


def _share(cell: int, px: int, smooth: bool) -> float:
    """How much of ``cell`` is in a ``px`` of the enlarged map; px 0 and 1 are those of cell 0."""
    own = px // 2
    if not smooth:
        return float(cell == own)
    neighbour = own + 1 if px % 2 else own - 1
    return 0.75 * (cell == own) + 0.25 * (cell == neighbour)


class SubpixelConvolution(Convolution):
    """A 5 x 5 convolution of px, done on cells as a 3 x 3 one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 5)
        self.halo, self.up = 1, 2
        # taps[p, o, q, t]: on the row p of a cell, tap t - 2 falls on row q of the cell o - 1 further on.
        taps = torch.tensor(
            [
                [[[float((p + t - 2) // 2 == o - 1 and (p + t) % 2 == q) for t in range(5)] for q in range(2)] for o in range(3)]
                for p in range(2)
            ]
        )
        self.register_buffer("taps", taps, persistent=False)

    def kernel(self) -> Tensor:
        """(outputs * 4, inputs * 4, 3, 3): from cells to cells."""
        if self.folded is not None:
            return self.folded
        weight = torch.einsum("poqa,rxsb,kcab->kprcqsox", self.taps, self.taps, self.weight)
        return weight.flatten(0, 2).flatten(1, 3)

    def forward(self, x: Tensor, above: bool = True, below: bool = True) -> Tensor:
        """Cells (N, inputs * 4, H, W) -> px (N, outputs, 2 H, 2 W)."""
        weight = self.kernel()
        cells = convolve(_reflected_cells(x.to(weight.dtype), above, below), weight, self.bias.repeat_interleave(4))
        return F.pixel_shuffle(cells, 2)


def _reflected_cells(x: Tensor, above: bool, below: bool) -> Tensor:
    """Cells with as many of them around as a reflection of the *px* by two fills."""
    height, width = x.shape[-2:]
    padded = F.pad(x, (1, 1, int(above), int(below)), mode="replicate")
    px = padded.unflatten(1, (-1, 2, 2))
    # Beyond the border come the px one and two further in: the border cell's inner px, and the next cell's nearer px.
    if above and height > 1:
        px[:, :, 0, :, 0] = px[:, :, 0, :, 2]
    if below and height > 1:
        px[:, :, 1, :, -1] = px[:, :, 1, :, -3]
    if width > 1:
        px[:, :, :, 0, :, 0] = px[:, :, :, 0, :, 2]
        px[:, :, :, 1, :, -1] = px[:, :, :, 1, :, -3]
    return padded


class ConditionalNorm(nn.Module):
    """Instance norm whose scale and shift are a mix of embeddings:

    ``(1 + sum_e m_e gamma_e) * (x - mu) / sigma + sum_e m_e beta_e``   (Dumoulin et al. 2017, equation 5, mixed)

    An embedding of zeros changes nothing, so one may also be a difference that is added to others.

    With ``statistics`` set, (mean, variance) of (1, C, 1, 1) each, those are used instead of the input's own: that is how
    parts of one picture are painted alike.
    """

    def __init__(self, embeddings: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(embeddings, channels))
        self.beta = nn.Parameter(torch.zeros(embeddings, channels))
        self.statistics: tuple[Tensor, Tensor] | None = None

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        """``x`` (N, C, H, W), or cells (N, 4 C, H, W); ``mix`` (N, embeddings) -> the same shape."""
        channels = self.gamma.shape[1]
        cell = x.shape[1] // channels
        gamma, beta = 1 + mix @ self.gamma, mix @ self.beta
        if self.statistics is not None:
            mean, variance = self.statistics
            scale = gamma / (variance.flatten(1) + NORM_EPS).sqrt()
            return _scaled(x, scale, beta - mean.flatten(1) * scale, cell)
        # torch 2.13 writes the gradient of the input of an affine norm in bf16 even where nobody wants one, and to nowhere.
        if len(x) == 1 and not torch.is_grad_enabled():
            return F.group_norm(x, channels, gamma[0].repeat_interleave(cell), beta[0].repeat_interleave(cell), NORM_EPS)
        return _scaled(F.group_norm(x, channels, eps=NORM_EPS), gamma, beta, cell)

    def measured(self, x: Tensor) -> tuple[Tensor, Tensor, int]:
        """Variance, mean, (1, C, 1, 1) each, and the number of px of a part of a map, from which wholes can be put together."""
        channels = self.gamma.shape[1]
        flat = x.float().reshape(1, channels, -1, x.shape[-1])
        return *torch.var_mean(flat, (2, 3), correction=0, keepdim=True), flat.shape[-2] * flat.shape[-1]


def _scaled(x: Tensor, scale: Tensor, shift: Tensor, cell: int) -> Tensor:
    """``scale`` and ``shift`` (N, C) for each channel, which has ``cell`` maps; worked out in float32, as PyTorch's norms are."""
    scale, shift = (each.repeat_interleave(cell, 1)[..., None, None] for each in (scale, shift))
    return torch.addcmul(shift, x.float(), scale).to(x.dtype)
