"""Runs inside GIMP: pictures of each kind, calls of the plug-in through the procedure database, and the loop over the cases."""

import json
import os
import struct
import sys
import traceback

import gi

gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp, Gio  # noqa: E402

LAB = os.environ["LAB"]
with open(os.path.join(LAB, "options.json"), encoding="utf-8") as opened:
    OPTIONS = json.load(opened)
PAINT, REPEAT = "plug-in-impasto-neural-style", "plug-in-impasto-repeat"
BASES = {"RGB": Gimp.ImageBaseType.RGB, "GRAY": Gimp.ImageBaseType.GRAY}
SAMPLES = {"u8": "B", "u16": "H", "u32": "I", "half": "e", "float": "f", "double": "d"}
"""Kinds of samples -> their type code."""
CURVES = {"": ("NON_LINEAR", "'"), "linear": ("LINEAR", ""), "perceptual": ("PERCEPTUAL", "~")}
PRECISIONS = {
    f"{kind}-{curve}".rstrip("-"): getattr(Gimp.Precision, f"{kind.upper()}_{name}")
    for kind in SAMPLES
    for curve, (name, _mark) in CURVES.items()
}
"""Every one that GIMP has."""
WIDTH, HEIGHT = 70, 50
CASES = []


def case(function):
    CASES.append(function)
    return function


def picture(base="RGB", precision="u8", alpha=True, size=(WIDTH, HEIGHT)):
    image = Gimp.Image.new_with_precision(size[0], size[1], BASES[base], PRECISIONS[precision])
    return image, add_layer(image, "content", size, alpha)


def add_layer(image, name, size, alpha=True, parent=None):
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kinds = {
        (False, False): Gimp.ImageType.RGB_IMAGE,
        (False, True): Gimp.ImageType.RGBA_IMAGE,
        (True, False): Gimp.ImageType.GRAY_IMAGE,
        (True, True): Gimp.ImageType.GRAYA_IMAGE,
    }
    layer = Gimp.Layer.new(image, name, size[0], size[1], kinds[grey, alpha], 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    samples = []
    for y in range(size[1]):
        for x in range(size[0]):
            samples += [
                (x * 37 + y * 11) % 1000 / 999,
                (x * 5 + y * 53) % 1000 / 999,
                (x + y * 7) % 1000 / 999,
                (x * 3 + y) % 100 / 99,
            ]
    put(layer, "R'G'B'A float", struct.pack(f"<{len(samples)}f", *samples))
    return layer


def put(layer, format, data, area=None):
    x, y, width, height = area or (0, 0, layer.get_width(), layer.get_height())
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(x, y, width, height), format, data)
    buffer.flush()
    layer.update(0, 0, layer.get_width(), layer.get_height())


def get(layer, format, area=None):
    x, y, width, height = area or (0, 0, layer.get_width(), layer.get_height())
    return bytes(layer.get_buffer().get(Gegl.Rectangle.new(x, y, width, height), 1.0, format, Gegl.AbyssPolicy.NONE))


def native(base, precision, alpha):
    """The format in which GIMP itself holds such a layer, so that nothing is converted; and the type code of its samples."""
    kind, _dash, curve = precision.partition("-")
    mark = CURVES[curve][1]
    channels = "".join(channel + mark for channel in ("RGB" if base == "RGB" else "Y"))
    return f"{channels}{'A' if alpha else ''} {kind}", SAMPLES[kind]


def seen(image, format="R'G'B'A u8"):
    """What the whole image looks like."""
    projected = Gimp.Layer.new_from_visible(image, image, "seen")
    data = get(projected, format)
    projected.delete()
    return data


def floats(data):
    return struct.unpack(f"<{len(data) // 4}f", data)


def apart(one, other):
    assert len(one) == len(other)
    return max(abs(a - b) for a, b in zip(floats(one), floats(other), strict=True))


def save(image, name):
    file = os.path.join(LAB, name)
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(file), None)
    return file


def call(name, image, layers, **values):
    """Whether it succeeded, the message if not, the layer if so."""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    run_mode = values.pop("run_mode", Gimp.RunMode.NONINTERACTIVE)
    if run_mode is not None:
        config.set_property("run-mode", run_mode)
    config.set_property("image", image)
    config.set_core_object_array("drawables", layers)
    for option, value in values.items():
        config.set_property(option.replace("_", "-"), value)
    result = procedure.run(config)
    given = result.index(1) if result.length() > 1 else None
    done = result.index(0) == Gimp.PDBStatusType.SUCCESS
    return done, "" if done else str(given or ""), given if done else None


def paint(image, layer, **values):
    """The painting; it is one layer more, right above the one that was painted and what had been painted of it (or that one, if
    replaced)."""

    def siblings():
        return layer.get_parent().get_children() if layer.get_parent() else image.get_layers()

    before, place = len(siblings()), image.get_item_position(layer)
    while place and source_of(image, siblings()[place - 1]) == layer:
        place -= 1
    done, message, new = call(PAINT, image, [layer], **values)
    assert done, message
    if values.get("output") == "replace":
        assert new == layer and len(siblings()) == before
        return layer
    assert len(siblings()) == before + 1, "one layer more"
    assert siblings()[place] == new, "right above"
    return new


def source_of(image, layer):
    """The layer that this one was painted from, or None."""
    parasite = layer.get_parasite("impasto-source")
    return image.get_layer_by_tattoo(int(bytes(parasite.get_data()))) if parasite else None


def refused(image, layers, words, **values):
    before = len(image.get_layers())
    done, message, _layer = call(PAINT, image, layers, **values)
    assert not done and words in message, (words, message)
    assert len(image.get_layers()) == before
    return message


def run():
    """Every case of the script, each with no image open but its own."""
    for function in CASES:
        try:
            function()
            print("CASE OK", function.__name__)
        except Exception:
            print("CASE FAILED", function.__name__, repr(traceback.format_exc()))
        for image in Gimp.get_images():
            image.delete()
    print("ALL CASES HAVE RUN", len(CASES))
    sys.stdout.flush()
