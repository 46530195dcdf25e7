"""Pictures in and out, for all scripts of this folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from impasto.engine.fast_session import FastSession
from impasto.style.mixing import DEFAULT_STRENGTH
from impasto.style.scales import size_of
from impasto.style.tone import tone_share
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
    return from_pil(picture)


def paint(network: Network, picture: torch.Tensor, mix: torch.Tensor, tones: float = tone_share(DEFAULT_STRENGTH)) -> torch.Tensor:
    """(1, 3, H, W), 0..1: a picture in one pass, as the daemon paints it. ``mix`` (embeddings,); ``tones``: as far as its strength
    says, see ``tone_share``."""
    session = FastSession(network, mix, picture[0].permute(1, 2, 0).clone().numpy(), tones=tones)
    for _ in session:
        pass
    return torch.from_numpy(session.picture(size_of(picture))).permute(2, 0, 1)[None]


def from_pil(picture: Image.Image) -> torch.Tensor:
    return torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)[None].float() / 255


def to_pil(picture: torch.Tensor) -> Image.Image:
    return Image.fromarray((picture[0].clamp(0, 1) * 255).round().byte().permute(1, 2, 0).numpy())
