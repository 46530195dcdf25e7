"""Colour spaces: which of Krita's are what the daemon takes, and how the others become so and back.

The daemon takes sRGB-encoded RGB, or grey with sRGB's curve. A layer that is that already goes as it is, in its own depth; every
other is converted by Krita itself, to float and without clipping, in a hidden document.
"""

import array
from collections import namedtuple

from .qt import QtCore
from .translation import _

Space = namedtuple("Space", "model depth profile")
"""As Krita names them: RGBA, U16, sRGB-elle-V2-srgbtrc.icc."""

SRGB = "sRGB built-in"
"""Krita's own, with a formula for its curve: the others have tables, which end at 0 and 1."""

SAME_AS_SRGB = (SRGB, "sRGB-elle-V2-srgbtrc.icc", "sRGB-elle-V4-srgbtrc.icc", "sRGB IEC61966-2.1", "GIMP built-in sRGB")
GREY = "Gray-D50-elle-V4-srgbtrc.icc"
SAME_AS_GREY = (GREY, "Gray-D50-elle-V2-srgbtrc.icc")

DEPTHS = {"U8": "u8", "U16": "u16", "F32": "float"}
SAMPLE = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
CHANNELS = {"GRAYA": 2, "A": 1, "CMYKA": 5}
"""Samples of a pixel, alpha included; 4 in all other models."""


class UnsupportedLayer(Exception):
    """A sentence about what cannot be painted."""


def channels(space):
    """Samples of a pixel, alpha included."""
    return CHANNELS.get(space.model, 4)


def size(space):
    """Bytes of a pixel."""
    return channels(space) * SAMPLE[space.depth]


def space_of(thing):
    """The :class:`Space` of a node or document."""
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def identical(one, other):
    """Whether pixels of one are pixels of the other, byte for byte."""
    if (one.model, one.depth) != (other.model, other.depth):
        return False
    return one.profile == other.profile or any(
        one.profile in known and other.profile in known for known in (SAME_AS_SRGB, SAME_AS_GREY)
    )


def working_space(space):
    """The space in which a layer of ``space`` goes to the daemon: its own, or that which it is converted to."""
    known = {"RGBA": SAME_AS_SRGB, "GRAYA": SAME_AS_GREY}.get(space.model, ())
    if space.profile in known and space.depth in DEPTHS:
        return space
    return Space("GRAYA", "F32", GREY) if space.model == "GRAYA" else Space("RGBA", "F32", SRGB)


def swap_red_and_blue(data, space):
    """Pixels of a working space in the daemon's order of channels, or back: in whole numbers Krita has blue first."""
    if space.model != "RGBA" or space.depth == "F32":
        return data
    out = bytearray(data)
    code = "B" if space.depth == "U8" else "H"
    there, here = memoryview(out).cast(code), memoryview(data).cast("B").cast(code)
    there[0::4], there[2::4] = here[2::4], here[0::4]
    return out


def with_alpha(data, channels, depth):
    """``data`` of 1 or 3 channels with an opaque alpha channel more. ``depth``: as the client's ``pixels`` calls it."""
    code, full = {"u8": ("B", 255), "u16": ("H", 65535), "float": ("f", 1.0)}[depth]
    here = memoryview(data).cast("B").cast(code)
    there = array.array(code, [full]) * (len(here) // channels * (channels + 1))
    out = memoryview(there)
    for channel in range(channels):
        out[channel :: channels + 1] = here[channel::channels]
    return out.cast("B")


def packed_depth(space):
    """What the client's ``pixels`` calls a working space's depth."""
    return DEPTHS[space.depth]


class Converter:
    """Converts strips of pixels in a hidden document; :meth:`close` it afterwards."""

    def __init__(self, krita):
        self._krita, self._document, self._busy, self._closed = krita, None, False, False

    def convert(self, data, width, rows, source, target):
        """``data`` (bytes) of ``source`` in ``target``. Raises :class:`UnsupportedLayer` where Krita has not the profile, and
        ``RuntimeError`` once it has been closed."""
        if identical(source, target):
            return data
        if self._closed:
            raise RuntimeError("the converter has been closed")
        self._busy = True
        try:
            return self._converted(data, width, rows, source, target)
        finally:
            self._busy = False
            if self._closed:
                self.close()

    def close(self):
        """Let the hidden document go; where that is asked for in the middle of a conversion, after it."""
        self._closed = True
        if self._document is not None and not self._busy:
            self._document.close()
            self._document = None

    def _converted(self, data, width, rows, source, target):
        if self._document is None:
            self._document = self._krita.createDocument(16, 16, "Impasto", "RGBA", "F32", SRGB, 72.0)
        node = self._document.createNode("strip", "paintlayer")
        _become(node, source)
        node.setPixelData(QtCore.QByteArray(bytes(data)), 0, 0, width, rows)
        for step in _steps(source, target):
            _become(node, step)
        return node.pixelData(0, 0, width, rows).data()


def _steps(source, target):
    # From float to whole numbers Krita clips before it converts, which would cut colours that fit the target but not sRGB.
    if source.model == target.model == "RGBA" and source.depth == "F32" != target.depth:
        return [Space(target.model, "F32", target.profile), target]
    return [target]


def _become(node, space):
    # An unknown profile silently becomes another one: what came of it is looked at, not assumed.
    if space_of(node) != space and (not node.setColorSpace(*space) or space_of(node) != space):
        raise UnsupportedLayer(_("Krita cannot convert colours to the profile {profile}.").format(profile=space.profile))
