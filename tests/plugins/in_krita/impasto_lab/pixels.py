"""Every kind of pixel there and back: at strength 0 the daemon gives the picture back as it is, so it has to come back exactly."""

import struct

import impasto_neural_style
from impasto_neural_style import colour_spaces
from impasto_neural_style.colour_spaces import Converter, Space

from .cases import HEIGHT, KRITA, SRGB, WIDTH, apart, children, document, fill, get, pattern, put, samples, settled

AREA = (0, 0, WIDTH, HEIGHT)
GREY, CLAY, WIDE = "Gray-D50-elle-V2-srgbtrc.icc", "ClayRGB-elle-V2-g22.icc", "Rec2020-elle-V4-g10.icc"
LINEAR, CMYK, LAB = "sRGB-elle-V2-g10.icc", "Chemical proof", "Lab identity built-in"
LEVEL = 1 / 255
SPACES = (
    ("RGBA", "U8", SRGB, 0),
    ("RGBA", "U16", SRGB, 0),
    ("RGBA", "F32", SRGB, 0),
    ("RGBA", "F16", SRGB, 1 / 1024),
    ("RGBA", "U8", CLAY, 1.01 * LEVEL),
    ("RGBA", "U16", CLAY, 16 / 65535),
    ("RGBA", "U16", WIDE, 16 / 65535),
    ("RGBA", "F32", WIDE, 1e-4),
    ("RGBA", "U16", LINEAR, 0),
    ("RGBA", "F32", LINEAR, 1e-4),
    ("RGBA", "F16", LINEAR, 1 / 1024),
    ("GRAYA", "U8", GREY, 0),
    ("GRAYA", "U16", GREY, 0),
    ("GRAYA", "F32", GREY, 1e-5),
    ("GRAYA", "F16", GREY, 1 / 1024),
    ("GRAYA", "U8", "Gray-D50-elle-V2-g22.icc", 1.01 * LEVEL),
)
CASES = []


def case(function):
    CASES.append(function)
    return function


def painted(made, node, **values):
    """Paints, and answers the new layer."""
    painting = impasto_neural_style.paint(made, node, "great-wave", **values)
    yield settled(painting)
    assert painting.state == "done", painting.sentence
    return painting.layer


def there_and_back(model, depth, profile, most):
    made, node = document(model, depth, profile)
    assert node.colorProfile() == made.colorProfile() and (not profile or profile == node.colorProfile()), node.colorProfile()
    fill(node, model, depth, AREA)
    new = yield from painted(made, node, strength=0.0)
    assert children(made)[-1] == "great-wave"
    assert (new.colorModel(), new.colorDepth(), new.colorProfile()) == (model, depth, node.colorProfile())
    off = apart(get(new, AREA), get(node, AREA), depth)
    assert off <= most, off


for space in SPACES:

    def one(space=space):
        yield from there_and_back(*space)

    one.__name__ = f"there and back: {' '.join(space[:3])}"
    CASES.append(one)


def looks_alike(model, depth, most):
    """Of colours that are made otherwise: what Krita itself makes of them there and back, and the same to the eye."""
    made, node = document(model, depth, "")
    converter, ours, plain = Converter(KRITA), Space(model, depth, node.colorProfile()), Space("RGBA", "F32", "sRGB built-in")
    wild = samples(pattern("RGBA", "U8", WIDTH, HEIGHT), "U8")
    colours = [0.25 + 0.5 * value if at % 4 < 3 else value for at, value in enumerate(wild)]
    put(node, converter.convert(struct.pack(f"<{len(colours)}f", *colours), WIDTH, HEIGHT, plain, ours), AREA)
    new = yield from painted(made, node, strength=0.0)
    assert (new.colorModel(), new.colorDepth(), new.colorProfile()) == (model, depth, node.colorProfile())
    seen = [samples(converter.convert(get(one, AREA), WIDTH, HEIGHT, ours, plain), "F32") for one in (node, new)]
    expected = converter.convert(converter.convert(get(node, AREA), WIDTH, HEIGHT, ours, plain), WIDTH, HEIGHT, plain, ours)
    assert apart(get(new, AREA), expected, depth) <= (1.01 / 255 if depth == "U8" else 20 / 65535)
    converter.close()
    off = max(abs(a - b) for at, (a, b) in enumerate(zip(*seen, strict=True)) if seen[0][at // 4 * 4 + 3] > 0)
    assert off <= most, off


for model, depth, most in (("CMYKA", "U8", 0.15), ("CMYKA", "U16", 0.15), ("LABA", "U8", 0.05), ("LABA", "U16", 0.01)):

    def one(model=model, depth=depth, most=most):
        yield from looks_alike(model, depth, most)

    one.__name__ = f"looks alike: {model} {depth}"
    CASES.append(one)


@case
def colours_beyond_srgb_survive():
    made, node = document("RGBA", "F32", SRGB)
    put(node, struct.pack("<4f", 1.5, -0.2, 0.5, 1.0) * (WIDTH * HEIGHT), AREA)
    new = yield from painted(made, node, strength=0.0)
    assert apart(get(new, AREA), get(node, AREA), "F32") < 1e-5


@case
def few_conversions():
    """Each takes Krita a twentieth of a second, however few pixels: a strip takes one on its way there and two back."""
    width, height = 640, 400
    made, node = document("RGBA", "U16", LINEAR, size=(width, height))
    put(node, b"\x00\x10\x00\x20\x00\x30\xff\xff" * (width * height), (0, 0, width, height))
    calls, become = [], colour_spaces._become

    def counted(strip, space):
        before = strip.bounds().isEmpty()
        become(strip, space)
        calls.append(space) if not before else None

    colour_spaces._become = counted
    new = yield from painted(made, node, strength=0.0)
    colour_spaces._become = become
    assert get(new, (0, 0, width, height)) == get(node, (0, 0, width, height))
    assert len(calls) <= 3 * 3, len(calls)


@case
def a_painting_differs_and_keeps_the_transparency():
    for model, depth, profile in (("RGBA", "U8", SRGB), ("RGBA", "U16", SRGB), ("GRAYA", "U8", GREY)):
        made, node = document(model, depth, profile)
        fill(node, model, depth, AREA)
        before = get(node, AREA)
        new = yield from painted(made, node)
        after, count = get(new, AREA), {"RGBA": 4, "GRAYA": 2}[model]
        assert apart(after, before, depth) > 0.1
        assert samples(after, depth)[count - 1 :: count] == samples(before, depth)[count - 1 :: count]
        assert get(node, AREA) == before, "the old layer is as it was"
