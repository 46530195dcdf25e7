"""Every kind of pixel there and back: at strength 0 the daemon gives the picture back as it is, so it has to come back exactly.

Pixels are put and read here in the format in which GIMP holds them. So nothing is converted but by the plug-in, each call of which
is a process of its own, in which no conversion has been set up by another one.
"""

import array
import random
import struct

from cases import (
    BASES,
    CASES,
    HEIGHT,
    PAINT,
    PRECISIONS,
    WIDTH,
    Gimp,
    apart,
    call,
    case,
    floats,
    get,
    native,
    paint,
    picture,
    put,
    run,
)

SIZE = 300, 220
"""Px: several of GIMP's tiles, and parts of some at the edges."""

FLOAT_STEP = 2e-6
"""What single precision leaves of a value, a conversion included."""


def noise(code, count):
    """Samples that have all values, as an array."""
    numbers = random.Random(count)
    if code in "fde":
        return struct.unpack(f"<{count}{code}", struct.pack(f"<{count}{code}", *(numbers.random() for _ in range(count))))
    return array.array(code, numbers.randbytes(count * array.array(code).itemsize))


def unlike(code, one, other):
    """How far two samples differ at most, in shares of full intensity."""
    full = {"B": 255, "H": 65535, "I": (1 << 32) - 1}.get(code, 1.0)
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) / full


def there_and_back(base, precision, alpha):
    format, code = native(base, precision, alpha)
    image, layer = picture(base, precision, alpha, SIZE)
    samples = noise(code, SIZE[0] * SIZE[1] * ((3 if base == "RGB" else 1) + alpha))
    put(layer, format, struct.pack(f"<{len(samples)}{code}", *samples))
    if alpha:
        covered = noise(code, SIZE[0] * SIZE[1])
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
        put(layer.get_mask(), "Y " + format.split()[1], struct.pack(f"<{len(covered)}{code}", *covered))
    new = paint(image, layer, strength=0.0)
    step = 0 if code in "BHe" else FLOAT_STEP
    assert unlike(code, samples, struct.unpack(f"<{len(samples)}{code}", get(new, format))) <= step
    if alpha:
        mask = get(new.get_mask(), "Y " + format.split()[1])
        assert unlike(code, covered, struct.unpack(f"<{len(covered)}{code}", mask)) <= step
    assert (new.get_width(), new.get_height(), new.has_alpha(), new.is_gray()) == (*SIZE, alpha, base == "GRAY")
    assert new.get_offsets()[-2:] == layer.get_offsets()[-2:]
    assert image.get_precision() == PRECISIONS[precision]


for base in BASES:
    for precision in PRECISIONS:
        for alpha in (True, False):

            def one(base=base, precision=precision, alpha=alpha):
                there_and_back(base, precision, alpha)

            one.__name__ = f"there and back: {base} {precision} {'alpha' if alpha else 'opaque'}"
            CASES.append(one)


@case
def a_painting_differs_and_keeps_alpha():
    for base in BASES:
        image, layer = picture(base, "u16")
        new = paint(image, layer, style="great-wave")
        assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) > 0.1
        assert get(new, "R'G'B'A u16")[6::8] == get(layer, "R'G'B'A u16")[6::8]
        assert new.get_name() == "The Great Wave off Kanagawa"


@case
def image_and_layer_are_enough():
    image, layer = picture()
    done, message, new = call(PAINT, image, [layer], run_mode=None)
    assert done and new.get_name() == "The Starry Night", message


@case
def colours_beyond_srgb_survive():
    image, layer = picture("RGB", "float")
    put(layer, "R'G'B'A float", struct.pack("<4f", 1.4, -0.2, 0.5, 1.0) * (WIDTH * HEIGHT))
    new = paint(image, layer, strength=0.0)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) < 1e-5


@case
def another_profile_survives_at_8_bits():
    image, layer = picture("RGB", "u8")
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    put(layer, "R'G'B'A float", struct.pack("<4f", -0.3, 1.0, 0.2, 1.0) * (WIDTH * HEIGHT))  # a green that sRGB has not
    new = paint(image, layer, strength=0.0)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) < FLOAT_STEP
    assert min(floats(get(new, "R'G'B'A float"))) < -0.1


run()
