"""Documents and layers of each kind, and the plug-in as a script calls it."""

import json
import os
import struct

from krita import Krita
from PyQt5.QtCore import QByteArray

from .driver import LAB

with open(os.path.join(LAB, "options.json"), encoding="utf-8") as opened:
    OPTIONS = json.load(opened)

KRITA = Krita.instance()
KRITA.setBatchmode(True)  # nobody is there to answer
WIDTH, HEIGHT = 70, 50
SRGB, GREY = "sRGB-elle-V2-srgbtrc.icc", "Gray-D50-elle-V2-srgbtrc.icc"
CODES = {"U8": ("B", 255), "U16": ("H", 65535), "F16": ("e", 1.0), "F32": ("f", 1.0)}
CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5, "LABA": 4}


def document(model="RGBA", depth="U8", profile=SRGB, size=(WIDTH, HEIGHT), shown=True):
    """A document with one filled paint layer."""
    made = KRITA.createDocument(size[0], size[1], "test", model, depth, profile, 72.0)
    made.setBatchmode(True)
    if shown:
        KRITA.activeWindow().addView(made)
    for node in made.topLevelNodes():
        if node.name() != "Background":
            continue
        node.setName("content")
        return made, node
    return made, made.topLevelNodes()[0]


def fill(node, model, depth, area, seed=0):
    """A pattern with colours all over the place, and every alpha."""
    put(node, pattern(model, depth, area[2], area[3], seed), area)


def pattern(model, depth, width, height, seed=0):
    code, most = CODES[depth]
    values = []
    for y in range(height):
        for x in range(width):
            for channel in range(CHANNELS[model] - 1):
                values.append((x * (37 - 5 * channel) + y * (11 + 21 * channel) + seed) % 1000 / 999)
            values.append((x * 3 + y) % 100 / 99)
    values = [value * most for value in values]
    if depth.startswith("U"):
        values = [int(value + 0.5) for value in values]
    return struct.pack(f"<{len(values)}{code}", *values)


def put(node, data, area):
    node.setPixelData(QByteArray(data), *area)


def get(node, area):
    return node.pixelData(*area).data()


def samples(data, depth):
    code, most = CODES[depth]
    return [value / most for value in struct.unpack(f"<{len(data) // struct.calcsize(code)}{code}", data)]


def apart(one, other, depth):
    assert len(one) == len(other), (len(one), len(other))
    return max(abs(a - b) for a, b in zip(samples(one, depth), samples(other, depth), strict=True))


def settled(painting):
    return lambda: painting.over


def children(document):
    return [node.name() for node in document.topLevelNodes()]


def undo():
    KRITA.action("edit_undo").trigger()


def redo():
    KRITA.action("edit_redo").trigger()
