"""Every kind of pixel there and back: at strength 0 the daemon gives the picture back as it is, so it has to come back exactly."""

import struct

from cases import BASES, CASES, HEIGHT, PAINT, PRECISIONS, WIDTH, Gimp, apart, call, case, floats, get, paint, picture, put, run

EXACT = ("u8", "u8-linear", "u8-perceptual", "u16", "u16-perceptual", "half")
FLOAT_STEP = 2e-6
"""What single precision leaves of a value, a conversion included."""


def there_and_back(base, precision, alpha):
    image, layer = picture(base, precision, alpha)
    new = paint(image, layer, strength=0.0)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) <= (0 if precision in EXACT else FLOAT_STEP)
    assert (new.get_width(), new.get_height(), new.has_alpha(), new.is_gray()) == (WIDTH, HEIGHT, alpha, base == "GRAY")
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
        assert new.get_name() == "great-wave"


@case
def image_and_layer_are_enough():
    image, layer = picture()
    done, message, new = call(PAINT, image, [layer], run_mode=None)
    assert done and new.get_name() == "starry-night", message


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
