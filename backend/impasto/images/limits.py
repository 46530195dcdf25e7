"""How large and how small a picture may be, checked on the file's header before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadPicture, PictureTooLarge, PictureTooSmall
from ..settings import Settings

MAX_PROFILE_BYTES = 4_000_000
"""Longest colour profile that is read, decompressed. Real ones reach about 3 MB (CMYK press profiles)."""

MAX_CHUNKS = 262_144
"""Most chunks, markers or directory entries that are walked, so that a file of empty ones ends soon."""


@dataclass(frozen=True)
class Limits:
    """Bounds on one picture. ``max_bytes`` is about the file, the others about the pixels in it."""

    max_megapixels: float = 150
    max_bytes: int = 512_000_000
    max_side: int = 65_535
    min_side: int = 16

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings name."""
        return cls(max_megapixels=settings.max_megapixels, max_bytes=settings.max_upload_mb * 1_000_000)

    def check_bytes(self, data: bytes) -> None:
        """Raises :class:`BadPicture` for no bytes at all, :class:`PictureTooLarge` for too many."""
        if not data:
            raise BadPicture("The picture is empty (0 bytes).")
        if len(data) > self.max_bytes:
            most = self.max_bytes / 1e6
            raise PictureTooLarge(f"The picture's file has {len(data) / 1e6:.1f} MB; at most {most:g} MB are taken.")

    def check_size(self, width: int, height: int) -> None:
        """Raises :class:`PictureTooLarge`, :class:`PictureTooSmall`, or :class:`BadPicture` where a side is missing."""
        if width < 1 or height < 1:
            raise BadPicture("The picture's header names no width or no height.")
        if max(width, height) > self.max_side:
            raise PictureTooLarge(f"The picture has {width} x {height} pixels; at most {self.max_side} a side are taken.")
        if width * height > self.max_megapixels * 1e6:
            raise PictureTooLarge(
                f"The picture has {width} x {height} pixels, {width * height / 1e6:.0f} megapixels; "
                f"at most {self.max_megapixels:g} are taken.",
                hint="Send a smaller picture, or raise the setting max_megapixels.")
        if min(width, height) < self.min_side:
            raise PictureTooSmall(f"The picture has {width} x {height} pixels; it needs at least {self.min_side} on each side.")
