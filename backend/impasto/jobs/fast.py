"""The fast method at work: a network opened from its file, and a painting seen as arrays. Imports torch: worker side only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import DigestMismatch
from ..models import fast
from ..style import Progress
from ..style.colour import luminance, match_palette, with_luminance
from ..style.feedforward import FeedForward
from ..style.scales import Size, resize
from ..style.transformer import Network, build


def open_network(file: Path) -> Network:
    """The network of a fast style's file. Raises :class:`DigestMismatch` where tensors and network do not fit."""
    header, arrays = fast.read(file)
    try:
        network = build(header.network, header.rows)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except (ValueError, RuntimeError):
        raise DigestMismatch("The fast style's weights do not fit the network that it names.") from None
    return network.eval().requires_grad_(False)


class FastCanvas(Iterator[Progress]):
    """A painting that comes tile by tile. What has not been painted yet is the content."""

    def __init__(self, network: Network, mix: Tensor, content: np.ndarray, keep_colours: str, device: torch.device) -> None:
        """``content`` (H, W, 3), sRGB-encoded, at the size it is painted at."""
        self._content, self._keep_colours, self._device = content, keep_colours, device
        self._work = FeedForward(network, mix.to(device), self._part, content.shape[:2])
        self._painted, self._tiles = content.copy(), self._work.paint()
        self._done = 0

    def __next__(self) -> Progress:
        """Paint one tile."""
        top, left, tile = next(self._tiles)
        painted = as_array(tile)
        self._painted[top:top + painted.shape[0], left:left + painted.shape[1]] = painted
        self._done += 1
        height, width = self._content.shape[:2]
        return Progress(step=self._done, total=self._work.tiles(), scale=1, scales=1, width=width, height=height, losses={},
                        fraction=self._done / self._work.tiles(), skipped=0)

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width): float32 (H, W, 3), 0..1."""
        painted = self._painted
        if self._keep_colours != "off":
            painted = as_array(self._recoloured(_tensor(painted)))
        return painted if size == painted.shape[:2] else as_array(resize(_tensor(painted), size).clamp(0, 1))

    def _recoloured(self, painted: Tensor) -> Tensor:
        # A network has learnt its painting in the painting's own colours, so they are changed afterwards.
        content = _tensor(self._content).clamp(0, 1)
        if self._keep_colours == "luminance":
            return with_luminance(content, luminance(painted))
        return match_palette(painted, content)

    def _part(self, top: int, left: int, height: int, width: int) -> Tensor:
        # Float pictures may exceed the range that networks know.
        return _tensor(self._content[top:top + height, left:left + width]).to(self._device).clamp(0, 1)


def as_array(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) -> float32 (H, W, 3) on the CPU."""
    return picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()


def _tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].contiguous()
