"""What can be told of AV1 and HEVC streams without their decoders: the size that these make room for, whatever the file says
around them, and holes, which they paint over.

Sequence headers: 5.5 of AV1's specification, and ITU-T H.265, 7.3.2.2.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import BadPicture
from ..limits import MAX_CHUNKS

_AV1_SEQUENCE, _HEVC_SEQUENCE = 1, 33
_HEADER_BYTES = 256
"""Of a sequence header, where its sizes stand for certain."""

_HOLE = bytes(64)
"""What a download that broke off leaves. HEVC never has three zeros in a row; in AV1, of flat pictures too, more than five were not
found."""


class _Bits:
    """Bits, the highest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def read(self, count: int) -> int:
        """The next ``count``. Raises :class:`BadPicture` where there are none."""
        if count > self._left:
            raise BadPicture("The picture's stream breaks off in its header.")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def exponential(self) -> int:
        """A number in Exp-Golomb code."""
        zeros = 0
        while not self.read(1):
            zeros += 1
            if zeros > 32:
                raise BadPicture("The picture's stream is damaged.")
        return (1 << zeros) - 1 + self.read(zeros)


def check_whole(stream: bytes) -> None:
    """Raises :class:`BadPicture` where a piece of the stream is missing."""
    if _HOLE in stream:
        raise BadPicture("The picture's file has a hole: some of its pixels are missing.")


def av1_sizes(stream: bytes) -> Iterator[tuple[int, int]]:
    """Width and height, px, of each sequence header."""
    place = 0
    for _ in range(MAX_CHUNKS):
        if place >= len(stream):
            return
        kind, extended, sized = stream[place] >> 3 & 15, stream[place] >> 2 & 1, stream[place] >> 1 & 1
        place += 1 + extended
        length = len(stream) - place
        if sized:
            length, place = _leb128(stream, place)
        if place + length > len(stream):
            raise BadPicture("The picture's stream breaks off.")
        if kind == _AV1_SEQUENCE:
            yield _av1_sequence(_Bits(stream[place : place + min(length, _HEADER_BYTES)]))
        place += length
    raise BadPicture("The picture's stream is made of too many pieces.")


def _leb128(stream: bytes, place: int) -> tuple[int, int]:
    value = 0
    for at, byte in enumerate(stream[place : place + 8]):
        value |= (byte & 0x7F) << 7 * at
        if not byte & 0x80:
            return value, place + at + 1
    raise BadPicture("The picture's stream is damaged.")


def _av1_sequence(bits: _Bits) -> tuple[int, int]:
    bits.read(4)  # profile, still picture
    if bits.read(1):  # reduced: one level and nothing else
        bits.read(5)
    else:
        delay_bits = 0
        if bits.read(1):  # timing
            bits.read(64)
            if bits.read(1):
                bits.exponential()
            if bits.read(1):  # decoder model
                delay_bits = bits.read(5) + 1
                bits.read(32 + 5 + 5)
        delays = bits.read(1)
        for _ in range(bits.read(5) + 1):
            bits.read(12)
            if bits.read(5) > 7:
                bits.read(1)
            if delay_bits and bits.read(1):
                bits.read(2 * delay_bits + 1)
            if delays and bits.read(1):
                bits.read(4)
    across, down = bits.read(4) + 1, bits.read(4) + 1
    return bits.read(across) + 1, bits.read(down) + 1


def hevc_sizes(configuration: bytes, stream: bytes) -> Iterator[tuple[int, int]]:
    """Width and height, px, of each sequence header in an hvcC box and in the stream itself."""
    if len(configuration) < 23:
        raise BadPicture("The picture's stream has no header.")
    place, size = 23, (configuration[21] & 3) + 1
    for _ in range(configuration[22]):
        count = int.from_bytes(configuration[place + 1 : place + 3], "big")
        place += 3
        for _ in range(count):
            length = int.from_bytes(configuration[place : place + 2], "big")
            yield from _hevc_unit(configuration[place + 2 : place + 2 + length])
            place += 2 + length
    place = 0
    for _ in range(MAX_CHUNKS):
        if place + size > len(stream):
            return
        length = int.from_bytes(stream[place : place + size], "big")
        yield from _hevc_unit(stream[place + size : place + size + min(length, _HEADER_BYTES)])
        place += size + length
    raise BadPicture("The picture's stream is made of too many pieces.")


def _hevc_unit(unit: bytes) -> Iterator[tuple[int, int]]:
    if len(unit) < 3 or unit[0] >> 1 & 63 != _HEVC_SEQUENCE:
        return
    bits = _Bits(unit[2 : _HEADER_BYTES + 2].replace(b"\0\0\3", b"\0\0"))
    bits.read(4)
    layers = bits.read(3)
    bits.read(1 + 96)
    present = [(bits.read(1), bits.read(1)) for _ in range(layers)]
    if layers:
        bits.read(2 * (8 - layers))
    for profile, level in present:
        bits.read(88 * profile + 8 * level)
    bits.exponential()
    if bits.exponential() == 3:
        bits.read(1)
    yield bits.exponential(), bits.exponential()
