"""Pixels as a file that the daemon reads and writes without loss and without work: NumPy's .npy, an array with a short header.

Arrays are height x width x channels (1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha), sRGB-encoded, little-endian: whole numbers
of 8 or 16 bits, or floats with full intensity 1.
"""

import ast
import struct
from collections import namedtuple

MAGIC = b"\x93NUMPY"
TYPES = {"u8": "|u1", "u16": "<u2", "float": "<f4"}
SIZES = {"u8": 1, "u16": 2, "float": 4}
"""Bytes of a sample."""

Pixels = namedtuple("Pixels", "width height channels depth data")
"""``depth``: u8, u16 or float. ``data``: bytes, rows from the top, pixels from the left."""


def pack(pixels):
    """The file's bytes. Raises ``ValueError`` where ``data`` is not as long as the sizes say."""
    return b"".join(chunks(pixels))


def chunks(pixels):
    """The file's bytes as a list, in which the pixels are not copied. Raises as :func:`pack` does."""
    size = pixels.width * pixels.height * pixels.channels * SIZES[pixels.depth]
    if len(pixels.data) != size:
        raise ValueError("%d bytes of pixels where %d are due" % (len(pixels.data), size))
    return [header(*pixels[:4]), pixels.data]


def header(width, height, channels, depth):
    """What comes before the pixels in the file."""
    text = "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d, %d), }" % (TYPES[depth], height, width, channels)
    text += " " * (-(len(MAGIC) + 4 + len(text) + 1) % 64) + "\n"
    return MAGIC + b"\x01\x00" + struct.pack("<H", len(text)) + text.encode("ascii")


def unpack(data):
    """:class:`Pixels` from a file's bytes. Raises ``ValueError`` for anything that :func:`pack` does not write."""
    if data[:6] != MAGIC or data[6:7] != b"\x01" or len(data) < 10:
        raise ValueError("no .npy file of version 1")
    start = 10 + struct.unpack("<H", data[8:10])[0]
    header = ast.literal_eval(data[10:start].decode("ascii").strip())
    depths = {type: depth for depth, type in TYPES.items()}
    shape = tuple(header["shape"])
    if header["descr"] not in depths or header["fortran_order"] or not 2 <= len(shape) <= 3:
        raise ValueError("an array that is no picture")
    depth, (height, width, channels) = depths[header["descr"]], (shape + (1,))[:3]
    if len(data) - start != height * width * channels * SIZES[depth]:
        raise ValueError("the file is not as long as its header says")
    return Pixels(width, height, channels, depth, memoryview(data)[start:])
