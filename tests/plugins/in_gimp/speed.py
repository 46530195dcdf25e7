"""How long a large layer takes, from the call to the new layer: a line for each call, when it began and when it was over."""

import sys
import time

from cases import OPTIONS, paint, picture, put

WIDTH, HEIGHT = OPTIONS["size"]
image, layer = picture(size=(8, 8))
image.resize(WIDTH, HEIGHT, 0, 0)
layer.resize(WIDTH, HEIGHT, 0, 0)
row = b"".join(bytes([x * 7 % 256, x * 3 % 251, (x >> 4) % 256, 255]) for x in range(WIDTH))
put(layer, "R'G'B'A u8", b"".join(row[4 * (y % WIDTH) :] + row[: 4 * (y % WIDTH)] for y in range(HEIGHT)))
for _ in range(OPTIONS["times"]):
    began = time.time()
    new = paint(image, layer, style="starry-night", output="new-layer")
    print("TOOK", began, time.time())
    image.remove_layer(new)
sys.stdout.flush()
