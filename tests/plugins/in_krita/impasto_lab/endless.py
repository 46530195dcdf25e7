"""A painting that goes on until Krita is killed."""

import os

from impasto_neural_style.client import wire

from .cases import LAB, OPTIONS
from .troubles import base, under_way

CASES = []


def endless():
    wire.stylize.__defaults__ = (OPTIONS["lease"],)
    made, node = base()
    painting = yield from under_way(made, node)
    with open(os.path.join(LAB, "job"), "w", encoding="utf-8") as opened:
        opened.write(painting.job["id"])
    yield lambda: False


CASES.append(endless)
