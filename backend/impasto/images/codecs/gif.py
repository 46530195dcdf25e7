"""GIF, read only: the blocks walked here, the first frame's pixels by giflib, which gets a file that holds nothing else."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import imagecodecs
import numpy as np

from ...errors import BadPicture
from ..limits import MAX_CHUNKS, Limits
from ..picture import ANIMATED, Header
from ..profiles import strips

_SCREEN = 13
_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_CONTROL = 0xF9
_HAS_TABLE, _TABLE_SIZE, _INTERLACED = 0x80, 0x07, 0x40
_TRANSPARENT = 0x01
_MOST_PIXELS_A_BYTE = 16384
"""No stream unpacks to more, so that one which promises it is known to break off before memory is taken."""


class _Frame(NamedTuple):
    """The first frame: its place on the canvas (width, height), in px, its colours (256, 3), and its packed indices."""

    canvas: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    colours: np.ndarray
    transparent: int | None
    packed: bytes
    animated: bool

    @property
    def covers(self) -> bool:
        """Whether nothing of the canvas is left free."""
        return (self.left, self.top, self.width, self.height) == (0, 0, *self.canvas)


def head(data: bytes, limits: Limits) -> Header:
    """The canvas, and whether the first frame leaves some of it free."""
    frame = _first(data, limits)
    return Header(
        *frame.canvas,
        np.dtype(np.uint8),
        "rgb",
        alpha=frame.transparent is not None or not frame.covers,
        lossless=True,
        notes=(ANIMATED,) if frame.animated else (),
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """The first frame on its canvas, in RGB; what it does not cover is transparent. giflib refuses one that breaks off."""
    frame = _first(data, None)
    indices = imagecodecs.gif_decode(_alone(frame), asrgb=False).reshape(frame.height, frame.width)
    canvas = np.zeros((header.height, header.width, header.channels), np.uint8)
    place = canvas[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
    for rows in strips(frame.height, frame.width):
        place[rows, :, :3] = frame.colours[indices[rows]]
    if header.alpha:
        place[:, :, 3] = 255 if frame.transparent is None else np.where(indices == frame.transparent, 0, 255)
    return canvas


def _first(data: bytes, limits: Limits | None) -> _Frame:
    """The first frame, found by walking the blocks. ``limits``: what to hold its size against."""
    if len(data) < _SCREEN:
        raise BadPicture("The GIF file breaks off in its header.")
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    common, place = _table(data, _SCREEN, flags)
    transparent, frame = None, None
    for kind, at, end in _blocks(data, place):
        if kind == _EXTENSION and data[at + 1] == _CONTROL and frame is None and end - at >= 8:
            transparent = data[at + 6] if data[at + 3] & _TRANSPARENT else None
        elif kind == _IMAGE and frame is not None:
            return frame._replace(animated=True)
        elif kind == _IMAGE:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
            canvas = (max(width, left + across), max(height, top + down))
            if limits:
                limits.check_size(*canvas)
            if not across or not down:
                raise BadPicture("The GIF's first frame is empty.")
            own, packed = _table(data, at + 10, flags)
            if across * down > _MOST_PIXELS_A_BYTE * (end - packed):
                raise BadPicture("The GIF file breaks off before its picture ends.")
            colours = common if own is None else own
            if colours is None:
                raise BadPicture("The GIF file has no palette.")
            interlaced = bool(flags & _INTERLACED)
            frame = _Frame(canvas, left, top, across, down, interlaced, colours, transparent, data[packed:end], False)
    if frame is None:
        raise BadPicture("The GIF file holds no picture.")
    return frame


def _alone(frame: _Frame) -> bytes:
    """A GIF of the frame's indices and nothing besides. Its palette is 256 colours that nobody looks at."""
    sizes = struct.pack("<HH", frame.width, frame.height)
    descriptor = b"\x2c" + bytes(4) + sizes + bytes([_INTERLACED if frame.interlaced else 0])
    return b"GIF89a" + sizes + bytes([_HAS_TABLE | _TABLE_SIZE, 0, 0]) + bytes(768) + descriptor + frame.packed + bytes([_END])


def _table(data: bytes, place: int, flags: int) -> tuple[np.ndarray | None, int]:
    """The palette at ``place``, filled up with black to 256 colours, or None where there is none; and where it ends."""
    if not flags & _HAS_TABLE:
        return None, place
    end = place + 3 * 2 ** ((flags & _TABLE_SIZE) + 1)
    if end > len(data):
        raise BadPicture("The GIF file breaks off in its palette.")
    colours = np.zeros((256, 3), np.uint8)
    colours.reshape(-1)[: end - place] = np.frombuffer(data, np.uint8, end - place, place)
    return colours, end


def _blocks(data: bytes, place: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each block. Behind the first frame, a file that breaks off just ends."""
    seen = False
    for _ in range(MAX_CHUNKS):
        kind = data[place] if place < len(data) else _END
        if kind == _END and seen:
            return
        if kind not in (_EXTENSION, _IMAGE):
            if seen:
                return
            raise BadPicture("The GIF file breaks off or is damaged.")
        try:
            end = _block_end(data, place, kind)
        except IndexError:
            if not seen:
                raise BadPicture("The GIF file breaks off before its picture ends.") from None
            end = len(data)  # of a later frame there is at least the beginning
        yield kind, place, end
        seen = seen or kind == _IMAGE
        place = end
    raise BadPicture("The GIF file is made of too many pieces.")


def _block_end(data: bytes, place: int, kind: int) -> int:
    """Where the block at ``place`` ends. Raises :class:`IndexError` where the file does before."""
    body = place + 2
    if kind == _IMAGE:
        flags = data[place + 9]
        body = place + 11 + (3 * 2 ** ((flags & _TABLE_SIZE) + 1) if flags & _HAS_TABLE else 0)
    for _ in range(len(data)):
        length = data[body]
        body += 1 + length
        if not length:
            return body
    raise IndexError
