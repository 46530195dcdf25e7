"""Pictures for the eye: pixels on their way to the daemon and back as small QImages, and layers as files to take a style from."""

from . import colour_spaces as spaces
from .qt import Qt, QtCore, QtGui

SIDE = 640
"""Px: the long side of what is kept to be looked at."""

STYLE_SIDE = 2048
"""Px: a style's strokes are looked at no larger than this, so a layer that is a style is sent no larger."""

Format = QtGui.QImage.Format


class StripThumbnail:
    """A small picture of a large one, drawn strip by strip as its pixels come by."""

    def __init__(self, width, height, side=SIDE):
        self._factor = min(1.0, side / max(width, height))
        self._width = max(1, round(width * self._factor))
        self.image = QtGui.QImage(self._width, max(1, round(height * self._factor)), Format.Format_ARGB32_Premultiplied)
        self.image.fill(Qt.GlobalColor.transparent)

    def draw(self, data, width, rows, top, space):
        """``data``: ``rows`` rows from the row ``top`` on, of a working space in the daemon's order."""
        first, last = round(top * self._factor), round((top + rows) * self._factor)
        if last <= first:
            return
        if space.depth == "F32" or (space.model, space.depth) == ("GRAYA", "U16"):
            # Not every Qt has a format for these; and no more of them is looked at than is seen.
            step = max(1, round(1 / self._factor))
            data, width, rows = _sampled(data, width, rows, step, space)
            space = shown_space(space)
        strip = image_of(data, width, rows, space)
        small = strip.scaled(
            self._width, last - first, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter = QtGui.QPainter(self.image)
        painter.drawImage(0, first, small)
        painter.end()


def _sampled(data, width, rows, step, space):
    """(Every ``step``-th pixel of every ``step``-th row of 16 bits or floats, in 8 bits; how many there are in a row; rows)."""
    channels, floats = spaces.channels(space), space.depth == "F32"
    samples = memoryview(data).cast("B").cast("f" if floats else "H")
    wide = -(-width // step)
    out = bytearray()
    for row in range(0, rows, step):
        line = samples[row * width * channels : (row + 1) * width * channels]
        small = bytearray(wide * channels)
        for channel in range(channels):
            values = line[channel :: step * channels]
            if floats:
                small[channel::channels] = bytes(255 if v >= 1 else int(255 * v + 0.5) if v > 0 else 0 for v in values)
            else:
                small[channel::channels] = bytes((v + 128) // 257 for v in values)
        out += small
    return out, wide, -(-rows // step)


def image_of(data, width, rows, space):
    """Pixels of a working space, in the daemon's order, as a QImage; None of those that Qt has no format for."""
    if space.model == "GRAYA" and space.depth == "U8":
        spread = bytearray(4 * width * rows)
        for channel in range(3):
            spread[channel::4] = data[0::2]
        spread[3::4] = data[1::2]
        data, format, line = spread, Format.Format_RGBA8888, 4 * width
    elif space.model == "RGBA" and space.depth in ("U8", "U16"):
        format, line = (Format.Format_RGBA8888, 4 * width) if space.depth == "U8" else (Format.Format_RGBA64, 8 * width)
    else:
        return None
    return QtGui.QImage(bytes(data), width, rows, line, format).copy()


def decoded(data, side=0):
    """A picture file's bytes as a QImage of at most ``side`` px, or None."""
    image = QtGui.QImage()
    if not data or not image.loadFromData(bytes(data)):
        return None
    return fitted(image, side) if side else image


def fitted(image, side):
    """``image``, made smaller where it is larger than ``side`` px."""
    if max(image.width(), image.height()) <= side:
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)


def covering(image, width, height):
    """The middle of ``image``, filling ``width`` x ``height`` px."""
    big = image.scaled(width, height, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation)
    return big.copy((big.width() - width) // 2, (big.height() - height) // 2, width, height)


def style_of(node):
    """A layer as it looks, as a picture file, small enough to be kept in a recipe; empty where there is nothing on it."""
    bounds = node.bounds()
    if bounds.isEmpty():
        return b""
    factor = min(1.0, STYLE_SIDE / max(bounds.width(), bounds.height()))
    image = node.thumbnail(max(1, round(bounds.width() * factor)), max(1, round(bounds.height() * factor)))
    return file_of(image)


def file_of(image):
    """A QImage as a PNG's bytes, or a JPEG's where nothing of it is transparent."""
    opaque = not image.hasAlphaChannel() or not _has_holes(image)
    data = QtCore.QByteArray()
    buffer = QtCore.QBuffer(data)
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    plain = image.convertToFormat(Format.Format_RGB32 if opaque else Format.Format_ARGB32)
    plain.save(buffer, "JPG" if opaque else "PNG", 95 if opaque else -1)
    buffer.close()
    return data.data()


def _has_holes(image):
    alpha = image.convertToFormat(Format.Format_Alpha8)
    bits = alpha.constBits()
    bits.setsize(alpha.bytesPerLine() * alpha.height())
    data, line = bytes(bits), alpha.bytesPerLine()
    return any(data[row * line : row * line + alpha.width()].strip(b"\xff") for row in range(alpha.height()))


def shown_space(space):
    """The space in which a layer of ``space`` is painted for the eye alone: small, and Qt knows it."""
    return spaces.Space("GRAYA", "U8", spaces.GREY) if space.model == "GRAYA" else spaces.Space("RGBA", "U8", spaces.SRGB)
