"""Pictures in and out, for all scripts of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from impasto.style.feedforward import FeedForward
from impasto.style.transformer import Network
from PIL import Image


def open_picture(path: Path, side: int, landscape: bool = False) -> torch.Tensor:
    """(1, 3, H, W) with the long side at ``side``; ``landscape`` crops to 4:3, so that every content costs the same."""
    picture = Image.open(path).convert("RGB")
    if landscape:
        width, height = picture.size
        crop_w, crop_h = min(width, height * 4 // 3), min(height, width * 3 // 4)
        left, top = (width - crop_w) // 2, (height - crop_h) // 2
        picture = picture.crop((left, top, left + crop_w, top + crop_h)).resize((side, side * 3 // 4), Image.Resampling.LANCZOS)
    elif max(picture.size) > side:
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255


def paint(network: Network, picture: torch.Tensor, mix: torch.Tensor) -> torch.Tensor:
    """(1, 3, H, W), 0..1: a picture in one pass, as the daemon does it. ``mix`` (rows,)."""
    work = FeedForward(network, mix, lambda top, bottom: picture[:, :, top:bottom], tuple(picture.shape[-2:]))
    parts = [advance.rows for advance in work.paint() if advance.rows is not None]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 2)


def to_pil(picture: torch.Tensor) -> Image.Image:
    return Image.fromarray((picture[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())
