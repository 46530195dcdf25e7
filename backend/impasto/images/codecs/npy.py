"""NumPy's `.npy`: what a plug-in can write with a dozen lines and no library.

Samples are sRGB-encoded, 1 is full intensity in floats, alpha is not premultiplied.
"""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.lib import format as npy_format

from ...errors import BadPicture, UnsupportedPicture
from ..limits import Limits
from ..picture import Header, Outgoing

_MAX_HEADER = 10_000
_DEPTHS = {"uint8": np.uint8, "uint16": np.uint16, "float32": np.float32, "float16": np.float32}
_KINDS = {1: ("grey", False), 2: ("grey", True), 3: ("rgb", False), 4: ("rgb", True)}
_EXPECTED = "An .npy picture is H x W or H x W x C, C from 1 to 4, of uint8, uint16, float16 or float32."


def head(data: bytes, limits: Limits) -> Header:
    """Shape and type, and whether the file has as many bytes as they need."""
    shape, _, stored, start = _layout(data)
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] not in _KINDS):
        raise UnsupportedPicture(f"The array has shape {' x '.join(str(n) for n in shape[:6])}. {_EXPECTED}")
    if stored.name not in _DEPTHS:
        raise UnsupportedPicture(f"The array is of {stored.name[:30]}. {_EXPECTED}")
    limits.check_size(shape[1], shape[0])
    if math.prod(shape) * stored.itemsize != len(data) - start:
        raise BadPicture(f"The array needs {math.prod(shape) * stored.itemsize} bytes and the file holds {len(data) - start}.")
    model, alpha = _KINDS[shape[2] if len(shape) == 3 else 1]
    return Header(shape[1], shape[0], np.dtype(_DEPTHS[stored.name]), model, alpha)


def samples(data: bytes, header: Header) -> np.ndarray:
    """The array, in native byte order."""
    shape, fortran, stored, start = _layout(data)
    array = np.frombuffer(data, stored, offset=start).reshape(shape, order="F" if fortran else "C")
    return np.ascontiguousarray(array, header.dtype).reshape(header.height, header.width, header.channels)


def write(outgoing: Outgoing) -> bytes:
    """(H, W) for grey, (H, W, C) for everything else."""
    buffer = io.BytesIO()
    np.save(buffer, outgoing.squeezed, allow_pickle=False)
    return buffer.getvalue()


def _layout(data: bytes) -> tuple[tuple[int, ...], bool, np.dtype, int]:
    """Shape, Fortran order, type and where the samples begin; the header is a literal, nothing of it is executed."""
    stream = io.BytesIO(data[: _MAX_HEADER + 64])
    version = npy_format.read_magic(stream)
    if version not in ((1, 0), (2, 0), (3, 0)):
        raise BadPicture("The .npy file is of an unknown version.")
    read = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
    shape, fortran, stored = read(stream, max_header_size=_MAX_HEADER)
    if stored.hasobject or any(not isinstance(n, int) or n < 0 for n in shape):
        raise BadPicture("The .npy file holds no array of numbers.")
    return shape, fortran, stored, stream.tell()
