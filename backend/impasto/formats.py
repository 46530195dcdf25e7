"""The picture formats, one entry each: everything that names, offers, recognises or writes one derives from this table.

A new format is an entry here, a module of the same name in ``images/codecs`` that reads it (and writes it), and a sample in
``tests/images/files.py``. No numpy: the command line and the daemon's pages ask, too.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

ALL_DEPTHS = ("uint8", "uint16", "float32")


@dataclass(frozen=True)
class Format:
    """One format.

    ``label``: what people call it. ``extensions``: the usual one first. ``signatures``: what its files begin with, each as
    (offset, bytes) pairs that must all fit. ``depths``: the samples that it holds; deeper ones are written in the last of these.
    ``max_side``: px. ``lossless``: whether a content in it is answered in it, since nothing is lost. ``written``: whether results
    may be in it; some are read only.
    """

    name: str
    label: str
    extensions: tuple[str, ...]
    media_type: str
    signatures: tuple[tuple[tuple[int, bytes], ...], ...]
    depths: tuple[str, ...] = ("uint8",)
    alpha: bool = True
    grey: bool = True
    lossless: bool = False
    max_side: int = 2**31 - 1
    written: bool = True

    @property
    def extension(self) -> str:
        """The usual one."""
        return self.extensions[0]

    @property
    def is_image(self) -> bool:
        """Whether other programs know it as a picture, so that it is offered where files are chosen."""
        return self.media_type.startswith("image/")

    @property
    def aliases(self) -> set[str]:
        """Every name that it may be asked for by."""
        return {self.name, *(extension[1:] for extension in self.extensions)}


def _starts(*beginnings: bytes) -> tuple[tuple[tuple[int, bytes], ...], ...]:
    return tuple(((0, beginning),) for beginning in beginnings)


def _brands(*brands: bytes, also: bytes = b"") -> tuple[tuple[tuple[int, bytes], ...], ...]:
    """Files of ISO's base media format that name one of ``brands`` first, and ``also`` among the next ones."""
    if not also:
        return tuple(((4, b"ftyp" + brand),) for brand in brands)
    return tuple(((4, b"ftyp" + brand), (place, also)) for brand in brands for place in range(16, 48, 4))


FORMATS = {
    one.name: one
    for one in (
        Format(
            name="png",
            label="PNG",
            extensions=(".png",),
            media_type="image/png",
            signatures=_starts(b"\x89PNG\r\n\x1a\n"),
            depths=("uint8", "uint16"),
            lossless=True,
        ),
        Format(
            name="jpeg",
            label="JPEG",
            extensions=(".jpg", ".jpeg"),
            media_type="image/jpeg",
            signatures=_starts(b"\xff\xd8\xff"),
            alpha=False,
            max_side=65_500,
        ),
        Format(
            name="webp",
            label="WebP",
            extensions=(".webp",),
            media_type="image/webp",
            signatures=(((0, b"RIFF"), (8, b"WEBP")),),
            grey=False,
            max_side=16_383,
        ),
        Format(
            name="tiff",
            label="TIFF",
            extensions=(".tif", ".tiff"),
            media_type="image/tiff",
            signatures=_starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
            depths=ALL_DEPTHS,
            lossless=True,
        ),
        Format(
            name="avif",
            label="AVIF",
            extensions=(".avif",),
            media_type="image/avif",
            signatures=(*_brands(b"avif", b"avis"), *_brands(b"mif1", b"msf1", also=b"avif")),
            depths=("uint8", "uint16"),
            written=False,
        ),
        Format(
            name="heic",
            label="HEIC",
            extensions=(".heic", ".heif", ".hif"),
            media_type="image/heic",
            signatures=_brands(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"),
            depths=("uint8", "uint16"),
            written=False,
        ),
        Format(
            name="jxl",
            label="JPEG XL",
            extensions=(".jxl",),
            media_type="image/jxl",
            signatures=_starts(b"\0\0\0\x0cJXL \r\n\x87\n", b"\xff\x0a"),
            depths=ALL_DEPTHS,
            written=False,
        ),
        Format(
            name="gif",
            label="GIF",
            extensions=(".gif",),
            media_type="image/gif",
            signatures=_starts(b"GIF87a", b"GIF89a"),
            written=False,
        ),
        Format(
            name="bmp",
            label="BMP",
            extensions=(".bmp", ".dib"),
            media_type="image/bmp",
            # Its header's own length tells it from a text that begins with the same two letters.
            signatures=tuple(((0, b"BM"), (14, bytes((length, 0, 0, 0)))) for length in (12, 16, 40, 52, 56, 64, 108, 124)),
            written=False,
        ),
        Format(
            name="npy",
            label=".npy",
            extensions=(".npy",),
            media_type="application/x-npy",
            signatures=_starts(b"\x93NUMPY"),
            depths=ALL_DEPTHS,
            lossless=True,
        ),
    )
}
"""Every format that is read, by name, in the order in which they are offered."""

WRITTEN = {name: one for name, one in FORMATS.items() if one.written}
"""Those that results may be in."""


def named(text: str) -> str | None:
    """The format to write that ``text``, a name or an extension without its dot, means in any case; or None."""
    return next((name for name, one in WRITTEN.items() if text.lower() in one.aliases), None)


def answered_in(name: str) -> str:
    """The format that a content in the format ``name`` is written in where nothing else is asked for: its own, or PNG."""
    return name if name in WRITTEN else "png"


def labels(*, images_only: bool = False, last: str = "and", but: Container[str] = ()) -> str:
    """The formats that are read, in words: "PNG, JPEG, WebP, TIFF and .npy"; without those whose label is in ``but``."""
    *first, end = [one.label for one in FORMATS.values() if (one.is_image or not images_only) and one.label not in but]
    return f"{', '.join(first)} {last} {end}"


def image_extensions() -> list[str]:
    """Every extension of the formats that other programs know, with its dot."""
    return [extension for one in FORMATS.values() if one.is_image for extension in one.extensions]
