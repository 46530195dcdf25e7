"""How long the interface stands still while a layer of twelve megapixels is painted."""

import time

import impasto_neural_style
from PyQt5.QtCore import QTimer

from .cases import OPTIONS, document
from .driver import say

SIZE = (4000, 3000)
CASES = []


def case(function):
    CASES.append(function)
    return function


class Watch:
    """Notes how long the interface had no turn.

    By the clock, which counts what other programs and Krita's own threads take as well, and by the processor's time of the
    interface's own thread, which no other program can lengthen.
    """

    def __init__(self):
        self.worst, self.when, self.last, self.began = 0.0, 0.0, time.monotonic(), time.monotonic()
        self.own, self.spent = 0.0, time.thread_time()
        self.timer = QTimer()
        self.timer.timeout.connect(self.tick)
        self.timer.start(2)

    def tick(self):
        now, spent = time.monotonic(), time.thread_time()
        if now - self.last > self.worst:
            self.worst, self.when = now - self.last, self.last - self.began
        self.own = max(self.own, spent - self.spent)
        self.last, self.spent = now, spent


def photo(depth):
    made, node = document("RGBA", depth, size=SIZE)
    size = {"U8": 4, "U16": 8, "F16": 8}[depth]
    line = bytes((x * 7 + x // 37) % 251 for x in range(SIZE[0] * size))
    for top in range(0, SIZE[1], 50):
        if depth == "F16":
            node.setPixelData(b"\x00\x30\x00\x38\x00\x34\x00\x3c" * (SIZE[0] * 50), 0, top, SIZE[0], 50)
        else:
            node.setPixelData(line[top:] + line[:top] + line * 49, 0, top, SIZE[0], 50)
    made.refreshProjection()
    made.waitForDone()
    return made, node


def one(depth, **values):
    made, node = photo(depth)
    rest = time.monotonic() + 1.5  # Krita makes its thumbnails
    yield lambda: time.monotonic() > rest
    watch, began = Watch(), time.monotonic()
    painting = impasto_neural_style.paint(made, node, "great-wave", **values)
    stages = {}

    def over():
        stages.setdefault(painting.state, time.monotonic() - began)
        return painting.over

    yield over
    assert painting.state == "done", painting.sentence
    watch.timer.stop()
    spent = ", ".join(f"{name} at {at:.1f} s" for name, at in stages.items())
    say(f"{depth}: worst gap {1000 * watch.worst:.0f} ms at {watch.when:.1f} s, {1000 * watch.own:.0f} ms of its own; {spent}")
    assert 1000 * watch.own < OPTIONS["most"], watch.own
    assert not OPTIONS["by_the_clock"] or 1000 * watch.worst < OPTIONS["most"], watch.worst


@case
def twelve_megapixels_of_8_bits():
    yield from one("U8", strength=0.0)


@case
def twelve_megapixels_of_16_bits():
    yield from one("U16", strength=0.0)
