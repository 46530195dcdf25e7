"""The small pictures of large ones that are drawn as the pixels come by."""

import struct

import pytest
import scene  # noqa: F401  (Qt)
from impasto_neural_style import pictures
from impasto_neural_style.colour_spaces import GREY, SRGB, Space
from impasto_neural_style.qt import QtGui

WIDTH, HEIGHT = 1500, 40


WHOLE = {"B": 255, "H": 65535}


@pytest.mark.parametrize("model", ["RGBA", "GRAYA"])
@pytest.mark.parametrize("depth, code", [("F32", "f"), ("U16", "H"), ("U8", "B")])
def test_a_sketch_shows_the_colours_of_its_place(model, depth, code):
    channels, most = 2 if model == "GRAYA" else 4, WHOLE.get(code, 1.0)
    left, right = ([0.2, 0.4, 0.6][: channels - 1] + [1.0], [0.8, 1.5, -1.0][: channels - 1] + [1.0])
    if code in WHOLE:
        left, right = ([round(most * min(1.0, max(0.0, value))) for value in side] for side in (left, right))
    line = struct.pack(f"<{channels * WIDTH // 2}{code}", *left * (WIDTH // 2))
    line += struct.pack(f"<{channels * WIDTH // 2}{code}", *right * (WIDTH // 2))
    sketch = pictures.StripThumbnail(WIDTH, HEIGHT)
    for top in range(0, HEIGHT, 20):
        sketch.draw(line * 20, WIDTH, 20, top, Space(model, depth, GREY if model == "GRAYA" else SRGB))
    image = sketch.image
    assert image.width() == pictures.SIDE and not image.pixelColor(10, image.height() - 1).alpha() < 255
    for x, values in ((10, left), (image.width() - 10, right)):
        seen = QtGui.QColor(image.pixelColor(x, image.height() // 2))
        wanted = [round(255 * min(1.0, max(0.0, value / most))) for value in values[:-1]] * (3 if model == "GRAYA" else 1)
        assert all(abs(a - b) <= 1 for a, b in zip((seen.red(), seen.green(), seen.blue()), wanted, strict=True)), (x, wanted)
