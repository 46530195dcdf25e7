"""Pictures for the eye: layers, results and files as pixbufs, and layers as picture files to take a style from.

Files are written by GIMP itself, and read by it where GdkPixbuf cannot: some systems read pictures in a sandbox, which fails inside
another one.
"""

import os
import tempfile

import gi

gi.require_version("Gimp", "3.0")
gi.require_version("Gegl", "0.4")
gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, Gegl, Gimp, Gio, GLib  # noqa: E402

import layers  # noqa: E402
from impasto_client import pixels  # noqa: E402
from impasto_client.formats import FORMATS  # noqa: E402

STYLE_SIDE = 2048
"""Px: a style's strokes are looked at no larger than this, so a layer that is a style is sent no larger."""

TRANSPARENT_SIDE = 1024
"""Px: the same for one with transparent parts, whose file is larger."""


def file_of_layer(layer):
    """A layer as it looks, as a picture file: what a style is taken from, and small enough to be kept in a recipe."""
    with layers.appearance(layer) as buffer:
        return _file(buffer, (0, 0, layer.get_width(), layer.get_height()))


def file_of_image(image):
    """An image as it looks, as a picture file."""
    projected = Gimp.Layer.new_from_visible(image, image, "looks")  # never inserted, so it is not seen
    try:
        return _file(projected.get_buffer(), (0, 0, image.get_width(), image.get_height()))
    finally:
        projected.delete()


def _file(buffer, area):
    """A part of a buffer as a file: PNG where there are holes, which must not count as a colour, else JPEG."""
    for side, format, alpha in ((TRANSPARENT_SIDE, "R'G'B'A u8", True), (STYLE_SIDE, "R'G'B' u8", False)):
        factor = min(1.0, side / max(area[2:]))
        scaled = _scaled(area, factor)
        data = bytes(buffer.get(scaled, factor, format, Gegl.AbyssPolicy.CLAMP))
        if alpha and data[3::4].count(255) < len(data) // 4:
            break
    return _written(scaled, format, alpha, data)


def _written(scaled, format, alpha, data):
    image = Gimp.Image.new(scaled.width, scaled.height, Gimp.ImageBaseType.RGB)
    try:
        kind = Gimp.ImageType.RGBA_IMAGE if alpha else Gimp.ImageType.RGB_IMAGE
        layer = Gimp.Layer.new(image, "style", scaled.width, scaled.height, kind, 100.0, Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        layers.write(layer.get_buffer(), 0, 0, scaled.width, scaled.height, format, 4 if alpha else 3, data)
        with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
            file = os.path.join(folder, "style.png" if alpha else "style.jpg")
            Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(file), None)
            with open(file, "rb") as opened:
                return opened.read()
    finally:
        image.delete()


def decoded(data, side):
    """A picture's bytes as a pixbuf of at most ``side`` px, or None where neither GdkPixbuf nor GIMP can read them."""
    loader = GdkPixbuf.PixbufLoader()
    try:
        loader.write(data)
        loader.close()
    except GLib.Error:
        return _read_by_gimp(data, side)
    whole = loader.get_pixbuf()
    return fitted(whole, side, side) if whole else None


def _read_by_gimp(data, side):
    extension = next(
        (extensions[0] for _label, extensions, starts in FORMATS if any(data.startswith(start, at) for at, start in starts)), None
    )
    if extension is None:
        return None
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        file = os.path.join(folder, "picture" + extension)
        with open(file, "wb") as opened:
            opened.write(data)
        try:
            image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(file))
        except GLib.Error:
            return None
    if image is None:
        return None
    try:
        return layer_pixbuf(image.get_layers()[0], (0, 0, image.get_width(), image.get_height()), side)
    finally:
        image.delete()


def fitted(pixbuf, width, height):
    """``pixbuf``, made smaller where it is larger than ``width`` x ``height`` px."""
    factor = min(width / pixbuf.get_width(), height / pixbuf.get_height())
    if factor >= 1:
        return pixbuf
    return pixbuf.scale_simple(
        max(1, round(pixbuf.get_width() * factor)), max(1, round(pixbuf.get_height() * factor)), GdkPixbuf.InterpType.BILINEAR
    )


def square(pixbuf, side):
    """The middle of ``pixbuf`` as a square of ``side`` px."""
    short = min(pixbuf.get_width(), pixbuf.get_height())
    middle = pixbuf.new_subpixbuf((pixbuf.get_width() - short) // 2, (pixbuf.get_height() - short) // 2, short, short)
    return middle.scale_simple(side, side, GdkPixbuf.InterpType.BILINEAR)


def content(layer, area):
    """A part of a layer as it looks, as a file for the daemon: 8 bits are enough to look at."""
    format, channels = layers.FORMATS[layer.is_gray(), layer.has_alpha()]
    _x, _y, width, height = area
    with layers.appearance(layer) as buffer:
        data = layers.read(buffer, *area, format + "u8", channels)
    return pixels.pack(pixels.Pixels(width, height, channels, "u8", data))


def preview_pixbuf(job_client, side):
    """A running job's newest preview as a pixbuf of at most ``side`` px, or None where there is no new one."""
    preview = job_client.take_preview()
    return decoded(preview, side) if preview is not None else None


def _scaled(area, factor):
    x, y, width, height = area
    return Gegl.Rectangle.new(int(x * factor), int(y * factor), max(1, round(width * factor)), max(1, round(height * factor)))


def layer_pixbuf(layer, area, side):
    """A part of a layer as it looks, as a pixbuf of at most ``side`` px."""
    with layers.appearance(layer) as buffer:
        return buffer_pixbuf(buffer, area, side)


def buffer_pixbuf(buffer, area, side):
    """A part (x, y, width, height) of a GEGL buffer, of whatever depth, as a pixbuf of at most ``side`` px."""
    factor = min(1.0, side / max(area[2:]))
    scaled = _scaled(area, factor)
    data = bytes(buffer.get(scaled, factor, "R'G'B'A u8", Gegl.AbyssPolicy.CLAMP))
    return GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, scaled.width, scaled.height, 4 * scaled.width
    )


def result_pixbuf(data, side):
    """A result as it came from the daemon, as a pixbuf of at most ``side`` px."""
    painted = pixels.unpack(data)
    format = layers.FORMATS[painted.channels < 3, painted.channels in (2, 4)][0] + painted.depth
    buffer = Gegl.Buffer.new(format, 0, 0, painted.width, painted.height)
    layers.write(buffer, 0, 0, painted.width, painted.height, format, painted.channels * pixels.SIZES[painted.depth], painted.data)
    return buffer_pixbuf(buffer, (0, 0, painted.width, painted.height), side)
