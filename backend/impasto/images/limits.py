"""How large and how small a picture may be, checked on the file's header before a pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import BadPicture, PictureTooLarge, PictureTooSmall
from ..settings import Settings

MAX_PROFILE_BYTES = 4_000_000
"""Longest colour profile that is read, decompressed. Real ones reach about 3 MB (CMYK press profiles)."""

MAX_CHUNKS = 262_144
"""Most chunks, markers or directory entries that are walked, so that a file of empty ones ends soon."""

MAX_EXIF_BYTES = 1_000_000
"""Longest EXIF block that is looked into. Real ones have some kB, or some 60 with a thumbnail."""

MAX_XMP_BYTES = 1_000_000
MAX_XMP_DEPTH, MAX_XMP_ELEMENTS = 64, 20_000
"""Longest XMP packet that is looked into, its depth, and its elements and attributes: each takes a hundred times its room in the
file."""

MAX_TEXT_BYTES = 1_000_000
"""Longest text in a PNG that is read, which is Impasto's own alone."""

MAX_METADATA_BYTES = 32_000_000
"""Most that may stand before the pixels of a JPEG."""

MAX_SCANS = 100
"""Most passes over the pixels in a progressive JPEG, each as costly as the whole picture. Real ones have about ten."""

MAX_BYTES_PER_PIXEL = 8
"""Bytes of the deepest pixel that a picture at the limit of megapixels may have: four channels of 16 bit."""


@dataclass(frozen=True)
class Limits:
    """Bounds on one picture. ``max_bytes`` is about the file, the others about the pixels in it.

    ``room``: bytes of memory that there are to decode in, where that is known. ``setting``: what bounds the megapixels.
    """

    max_megapixels: float = 150
    max_bytes: int = 512_000_000
    max_side: int = 65_535
    min_side: int = 16
    room: int | None = None
    setting: str = "max_megapixels"

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings name."""
        return cls(max_megapixels=settings.max_megapixels, max_bytes=settings.max_upload_mb * 1_000_000)

    @classmethod
    def of_styles(cls, settings: Settings) -> Limits:
        """The limits on pictures that are kept as styles."""
        limits = cls.of(settings)
        if settings.max_style_megapixels >= limits.max_megapixels:
            return limits
        return replace(limits, max_megapixels=settings.max_style_megapixels, setting="max_style_megapixels")

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
                hint=f"Send a smaller picture, or raise the setting {self.setting}.",
            )
        if min(width, height) < self.min_side:
            raise PictureTooSmall(f"The picture has {width} x {height} pixels; it needs at least {self.min_side} on each side.")

    def check_memory(self, width: int, height: int, bytes_per_pixel: int) -> None:
        """Raises :class:`PictureTooLarge` where the pixels, as stored, are out of proportion or do not fit into memory twice."""
        needed = width * height * bytes_per_pixel
        if needed > self.max_megapixels * 1e6 * MAX_BYTES_PER_PIXEL:
            raise PictureTooLarge(
                f"The picture's {width} x {height} pixels take {needed / 1e6:.0f} MB, more than is taken.",
                hint="Send fewer channels or fewer pixels.",
            )
        if self.room is not None and 2 * needed > self.room:
            raise PictureTooLarge(
                f"There is not enough memory on this machine to read a picture of {width} x {height} pixels.",
                hint="Close other programs, or send a smaller picture.",
            )
