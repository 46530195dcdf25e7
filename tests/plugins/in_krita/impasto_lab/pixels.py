"""Every kind of pixel there and back: at strength 0 the daemon gives the picture back as it is, so it has to come back exactly."""

import impasto_neural_style

from .cases import HEIGHT, WIDTH, apart, children, document, fill, get, settled

AREA = (0, 0, WIDTH, HEIGHT)
CASES = []


def there_and_back(model, depth, profile, most):
    made, node = document(model, depth, profile)
    fill(node, model, depth, AREA)
    made.refreshProjection()
    painting = impasto_neural_style.paint(made, node, "great-wave", strength=0.0)
    yield settled(painting)
    assert painting.state == "done", painting.sentence
    new = painting.layer
    assert children(made)[-1] == new.name(), children(made)
    assert (new.colorModel(), new.colorDepth(), new.colorProfile()) == (model, depth, node.colorProfile())
    off = apart(get(new, AREA), get(node, AREA), depth)
    assert off <= most, off


for model, depth, profile, most in (("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc", 0),):
    def one(model=model, depth=depth, profile=profile, most=most):
        yield from there_and_back(model, depth, profile, most)
    one.__name__ = f"there and back: {model} {depth} {profile}"
    CASES.append(one)
