"""Pictures for the eye: layers, results and files as pixbufs, and layers as picture files to take a style from."""

import gi

gi.require_version("Gegl", "0.4")
gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, Gegl, GLib  # noqa: E402

import layers  # noqa: E402
from impasto_client import pixels  # noqa: E402

STYLE_SIDE = 2048
"""Px: a style's strokes are looked at no larger than this, so a layer that is a style is sent no larger."""

JPEG_QUALITY = "95"


def of_layer(layer):
    """A layer as it looks, as a picture file: what a style is taken from, and small enough to be kept in a recipe."""
    return _file(looks(layer, (0, 0, layer.get_width(), layer.get_height()), STYLE_SIDE), layer.has_alpha())


def of_image(image):
    """An image as it looks, as a picture file."""
    projected = layers.Gimp.Layer.new_from_visible(image, image, "looks")  # never inserted: nobody sees it
    try:
        return _file(shown(projected.get_buffer(), (0, 0, image.get_width(), image.get_height()), STYLE_SIDE), True)
    finally:
        projected.delete()


def _file(pixbuf, alpha):
    if alpha:  # holes must not count as a colour
        return bytes(pixbuf.save_to_bufferv("png", [], [])[1])
    return bytes(pixbuf.save_to_bufferv("jpeg", ["quality"], [JPEG_QUALITY])[1])


def of_bytes(data, side):
    """A picture's bytes as a pixbuf of at most ``side`` px, or None where they are none that GdkPixbuf knows."""
    loader = GdkPixbuf.PixbufLoader()
    try:
        loader.write(data)
        loader.close()
    except GLib.Error:
        return None
    whole = loader.get_pixbuf()
    return fitted(whole, side, side) if whole else None


def fitted(pixbuf, width, height):
    """``pixbuf``, made smaller where it is larger than ``width`` x ``height`` px."""
    factor = min(width / pixbuf.get_width(), height / pixbuf.get_height())
    if factor >= 1:
        return pixbuf
    return pixbuf.scale_simple(max(1, round(pixbuf.get_width() * factor)), max(1, round(pixbuf.get_height() * factor)),
                               GdkPixbuf.InterpType.BILINEAR)


def square(pixbuf, side):
    """The middle of ``pixbuf`` as a square of ``side`` px."""
    short = min(pixbuf.get_width(), pixbuf.get_height())
    middle = pixbuf.new_subpixbuf((pixbuf.get_width() - short) // 2, (pixbuf.get_height() - short) // 2, short, short)
    return middle.scale_simple(side, side, GdkPixbuf.InterpType.BILINEAR)


def content(layer, area, factor):
    """A part of a layer as it looks, ``factor`` times its size, as a file for the daemon: 8 bits are enough to look at."""
    format, channels = layers.FORMATS[layer.is_gray(), layer.has_alpha()]
    if layers.has_effects(layer):
        apart = layers.looks(layer)
        try:
            return _content(apart.get_layers()[0].get_buffer(), area, factor, format + "u8", channels)
        finally:
            apart.delete()
    return _content(layer.get_buffer(), area, factor, format + "u8", channels)


def _content(buffer, area, factor, format, channels):
    scaled = _scaled(area, factor)
    data = bytes(buffer.get(scaled, factor, format, Gegl.AbyssPolicy.CLAMP))
    return pixels.pack(pixels.Pixels(scaled.width, scaled.height, channels, "u8", data))


def _scaled(area, factor):
    x, y, width, height = area
    return Gegl.Rectangle.new(int(x * factor), int(y * factor), max(1, round(width * factor)), max(1, round(height * factor)))


def looks(layer, area, side):
    """A part of a layer as it looks, as a pixbuf of at most ``side`` px."""
    if not layers.has_effects(layer):
        return shown(layer.get_buffer(), area, side)
    apart = layers.looks(layer)
    try:
        return shown(apart.get_layers()[0].get_buffer(), area, side)
    finally:
        apart.delete()


def shown(buffer, area, side):
    """A part (x, y, width, height) of a GEGL buffer, of whatever depth, as a pixbuf of at most ``side`` px."""
    factor = min(1.0, side / max(area[2:]))
    scaled = _scaled(area, factor)
    data = bytes(buffer.get(scaled, factor, "R'G'B'A u8", Gegl.AbyssPolicy.CLAMP))
    return GdkPixbuf.Pixbuf.new_from_bytes(GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, scaled.width, scaled.height,
                                           4 * scaled.width)


def shown_result(data, side):
    """A result as it came from the daemon, as a pixbuf of at most ``side`` px."""
    painted = pixels.unpack(data)
    format = layers.FORMATS[painted.channels < 3, painted.channels in (2, 4)][0] + painted.depth
    buffer = Gegl.Buffer.new(format, 0, 0, painted.width, painted.height)
    layers.write(buffer, 0, 0, painted.width, painted.height, format, painted.channels * pixels.SIZES[painted.depth], painted.data)
    return shown(buffer, (0, 0, painted.width, painted.height), side)
