"""On flat and smooth grounds the fast styles that ship paint strokes: no stripes, no woven grid, no rings.

A few styles, at a small size, which are enough to see that it works; ``benchmarks/flat_grounds.py`` looks at all of them.
"""

import pytest
import torch
from impasto.engine.fast_session import FastSession
from impasto.engine.networks import open_network
from impasto.models import fast
from impasto.paths import shipped
from impasto.style.measure import rings, stripes
from impasto.style.mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, mix_embeddings
from impasto.style.scales import size_of
from impasto.style.tone import tone_share

FILE = shipped("fast", "impasto.safetensors")
HEADER = fast.inspect(FILE)
STYLES = ("red-fuji", "water-lilies", "red-yellow-blue", "metzinger", "starry-night")
"""Those that have been the worst somewhere, and two whose brushwork is far from theirs."""

HEIGHT, WIDTH = 240, 320


@pytest.fixture(scope="module")
def network():
    return open_network(FILE).prepare_for_inference(torch.float32)


def plain(*colour):
    return torch.tensor(colour).view(1, 3, 1, 1).expand(1, 3, HEIGHT, WIDTH) / 255


def between(first, last, along):
    """From one colour to another in the steps of 8 bits, in which the bands are that norms make stripes of."""
    return (255 * torch.lerp(plain(*first), plain(*last), along)).round() / 255


def sky():
    return between((120, 160, 220), (160, 200, 210), torch.linspace(0, 1, HEIGHT)[:, None])


def radial():
    down, across = torch.linspace(-1, 1, HEIGHT)[:, None], torch.linspace(-1, 1, WIDTH)
    return between((250, 200, 120), (80, 64, 165), torch.hypot(down, across) / 2**0.5)


def most(network, picture, measured):
    """Of all STYLES, at the defaults."""
    shares = {}
    for style in HEADER.styles:
        if style.id in STYLES:
            mix = mix_embeddings(HEADER.rows, [style.rows], [1.0], DEFAULT_STRENGTH, DEFAULT_DETAIL)
            content = picture[0].permute(1, 2, 0).clone().numpy()
            session = FastSession(network, mix, content, tones=tone_share(DEFAULT_STRENGTH))
            for _ in session:
                pass
            shares[style.id] = measured(torch.from_numpy(session.picture(size_of(picture))).permute(2, 0, 1)[None])
    assert shares.keys() == set(STYLES)
    return max(shares.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "picture, measured, bound",
    [
        (plain(255, 255, 255), stripes, 0.15),
        (plain(30, 90, 200), stripes, 0.15),
        (sky(), stripes, 0.15),
        (radial(), rings, 0.075),
    ],
    ids=["white", "blue", "sky", "radial"],
)
def test_flat_and_smooth_grounds_become_strokes(network, picture, measured, bound):
    assert most(network, picture, measured) < bound


def test_the_measures_see_stripes_grids_and_rings_and_let_strokes_be():
    down, across = torch.arange(HEIGHT)[:, None] * 0.4, torch.arange(WIDTH) * 0.4
    strokes = torch.nn.functional.avg_pool2d(torch.rand(1, 3, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0)), 5, 1, 2)
    assert stripes(strokes) < 0.05 and rings(strokes) < 0.05
    for waves in (down.sin() + 0 * across, down + across.sin() - down, down.sin() + across.sin()):
        assert stripes(strokes + 0.2 * waves) > 0.3
    far = torch.hypot(down - down.mean(), (across - across.mean()) * HEIGHT / WIDTH)
    assert rings(strokes + 0.2 * far.sin()) > 0.3 > stripes(strokes + 0.2 * far.sin())
