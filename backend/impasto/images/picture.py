"""What a picture is between its file and the engine."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from . import xmp
from .exif import Exif

Dpi = tuple[float, float]

TOP = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0, np.dtype(np.float32): 1.0}
"""The sample value that means full intensity, for each depth that a picture may have."""

ANIMATED = "The picture is animated; its first frame is the one that counts."


@dataclass(frozen=True)
class Picture:
    """A decoded picture, upright. Arrays are the picture's own; do not write to them.

    - ``rgb``: float32 (H, W, 3), sRGB-encoded. 0 to 1, except that float files may exceed it, and so may (slightly) files whose
      colour profile is wider than sRGB; values beyond are mirrored (encoded(-x) = -encoded(x)), so that nothing wraps around.
    - ``alpha``: (H, W) in ``dtype``, bit for bit as in the file, or ``None``. Colours are never premultiplied.
    - ``dtype``: the file's depth, uint8, uint16 or float32 (fewer bits than 8 count as 8, half floats as float32).
    - ``grey``: the file holds greyscale and so will the answer; ``rgb`` then has three equal channels.
    - ``icc``: the profile that the file carried and its answer will carry; ``None`` means sRGB.
    - ``format``: a name of ``FORMATS``. ``lossless``: whether the file's compression was.
    - ``dpi``: horizontal and vertical pixels per inch, or ``None``.
    - ``exif``, ``xmp``: what of the photograph's metadata its answer will carry, as :mod:`.exif` and :mod:`.xmp` have it.
    - ``recipe``: how it was painted, a JSON text of :mod:`impasto.recipe`; empty where the file says nothing of it.
    - ``notes``: sentences about what could not be kept or honoured.
    """

    rgb: np.ndarray
    alpha: np.ndarray | None = None
    dtype: np.dtype = np.dtype(np.uint8)
    grey: bool = False
    icc: bytes | None = None
    format: str = "png"
    dpi: Dpi | None = None
    lossless: bool = True
    notes: tuple[str, ...] = ()
    exif: Exif = Exif()
    xmp: bytes = b""
    recipe: str = ""

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.rgb.shape[1]

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.rgb.shape[0]


def stripped(picture: Picture) -> Picture:
    """The same picture without metadata. The colour profile stays: without it the colours would be others."""
    return replace(picture, dpi=None, exif=Exif(), xmp=b"", recipe="")


@dataclass(frozen=True)
class PictureInfo:
    """What a picture's header says; sides are those of the upright picture."""

    width: int
    height: int
    format: str
    dtype: np.dtype
    alpha: bool
    grey: bool = False
    dpi: Dpi | None = None
    lossless: bool = True


def repaint(picture: Picture, rgb: np.ndarray) -> Picture:
    """The same picture (alpha, depth, profile, greyness, resolution) in new colours.

    ``rgb``: (H, W, 3) of the picture's own size, sRGB-encoded. Raises :class:`ValueError` for another shape.
    """
    rgb = np.ascontiguousarray(rgb, dtype=np.float32)
    if rgb.shape != picture.rgb.shape:
        raise ValueError(f"new colours have shape {rgb.shape}, the picture has {picture.rgb.shape}")
    return replace(picture, rgb=rgb)


@dataclass(frozen=True)
class Header:
    """What a codec reads before the pixels. Sides are as stored, before ``orientation`` (EXIF, 1 to 8) is applied.

    ``model``: "grey", "rgb" or "cmyk" (0 is no ink), the colour channels that the codec's samples have; alpha, if any, comes last.
    ``exif``: what :func:`.exif.read` makes of the file's block. ``xmp``: the packet as it stands there. ``recipe``: Impasto's own
    text, where the format has one beside XMP.
    """

    width: int
    height: int
    dtype: np.dtype
    model: str
    alpha: bool
    icc: bytes | None = None
    dpi: Dpi | None = None
    orientation: int = 1
    lossless: bool = True
    notes: tuple[str, ...] = ()
    exif: Exif = Exif()
    xmp: bytes = b""
    recipe: str = ""

    @property
    def colours(self) -> int:
        """Number of colour channels."""
        return {"grey": 1, "rgb": 3, "cmyk": 4}[self.model]

    @property
    def channels(self) -> int:
        """Number of channels, alpha included."""
        return self.colours + self.alpha

    @property
    def sideways(self) -> bool:
        """Whether making it upright swaps width and height."""
        return self.orientation >= 5


@dataclass(frozen=True)
class Outgoing:
    """Samples ready to be written: (H, W, C) in the target's depth, C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.

    ``exif``, ``xmp``, ``recipe``: as in :class:`Picture`; a format that has no place for them leaves them out.
    """

    samples: np.ndarray
    icc: bytes | None = None
    dpi: Dpi | None = None
    lossless: bool = True
    quality: int = field(default=95)
    exif: Exif = Exif()
    xmp: bytes = b""
    recipe: str = ""

    @property
    def own_exif(self) -> Exif:
        """What the file says of itself in EXIF; the resolution alone where the content had no EXIF."""
        height, width = self.samples.shape[:2]
        return self.exif.of_result(width, height, self.dpi, srgb=self.icc is None)

    def packet(self, most: int) -> bytes:
        """Its XMP, the recipe included; where that has more than ``most`` bytes, the recipe alone."""
        whole = xmp.packet(self.xmp, self.recipe)
        return whole if len(whole) <= most else xmp.packet(b"", self.recipe)

    @property
    def squeezed(self) -> np.ndarray:
        """The samples with a lone grey channel's axis dropped: (H, W) or (H, W, C)."""
        return self.samples[:, :, 0] if self.samples.shape[2] == 1 else self.samples
