"""The fast method paints a large picture some rows at a time as it would in one piece."""

import pytest
import torch
from impasto.style import feedforward
from impasto.style.feature_maps import MemoryBuffer, reflected_source
from impasto.style.feedforward import MARGIN, FeedForward
from impasto.style.scales import crop_margin, pad
from impasto.style.transformer import Network

from .test_transformer import network, one


@pytest.fixture
def in_parts(monkeypatch):
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(feedforward, "PIXELS_AT_ONCE", 64 * 100)


def painted(network, picture, row=1, shelves=None):
    height, width = picture.shape[-2:]
    asked_after_painting, parts, fractions = [], [], []

    def source(top, bottom):
        assert 0 <= top < bottom <= height
        asked_after_painting.append(bool(parts))
        return picture[:, :, top:bottom]

    for advance in FeedForward(network, one(network.embeddings, row)[0], source, (height, width), shelves).paint():
        fractions.append(advance.fraction)
        if advance.rows is not None:
            assert advance.top == sum(part.shape[2] for part in parts)
            parts.append(advance.rows)
    assert not any(asked_after_painting), "what has been painted over can be read no more"
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1)
    return torch.cat(parts, 2), len(parts)


@pytest.mark.slow
@pytest.mark.parametrize("spec", ["johnson:8-8-12x2", "lean:12x2", "hourglass:12-16x2"])
@pytest.mark.parametrize("size", [(200, 330), (321, 98), (97, 65), (66, 1023)])
def test_in_parts_equals_in_one_piece(spec, size, in_parts):
    net, picture = network(spec), torch.rand(1, 3, *size) ** torch.linspace(0.2, 4, size[0])[:, None]
    with torch.inference_mode():
        whole = crop_margin(net(pad(picture, MARGIN), one(3, 1)), MARGIN).clamp(0, 1)
    parts, count = painted(net, picture)
    assert count > 1
    assert parts.shape == whole.shape
    assert (parts - whole).abs().max() < 1e-4


def test_statistics_are_forgotten_even_when_the_painting_is_dropped(in_parts):
    net, picture = network("lean:12x2"), torch.rand(1, 3, 256, 64)
    work = FeedForward(net, one(3, 1)[0], lambda top, bottom: picture[:, :, top:bottom], (256, 64)).paint()
    for _ in range(20):
        next(work)
        assert not torch.is_inference_mode_enabled(), "what the caller does meanwhile is the caller's"
    assert any(norm.statistics for norm in net.norms())
    work.close()
    assert all(norm.statistics is None for norm in net.norms())


def test_features_lie_where_the_caller_has_room(in_parts):
    asked = []

    def shelves(channels, height, width):
        asked.append((channels, height, width))
        return MemoryBuffer(channels, height, width, torch.zeros(1))

    net, picture = network("lean:12x2"), torch.rand(1, 3, 202, 128)
    painted(net, picture, shelves=shelves)
    assert asked == [(12, 55, 36)] * 5 + [(8, 110, 72)]  # 218 x 144 px with the margin


def test_a_network_with_noise_is_never_cut(in_parts):
    assert painted(network("texture:4x3"), torch.rand(1, 3, 64, 80))[1] == 1


@pytest.mark.parametrize("size", [(20, 30), (9, 8), (5, 40), (40, 3), (1, 1)])
def test_a_picture_that_comes_in_rows_is_continued_as_one_that_is_there(size):
    picture = torch.rand(1, 3, *size)
    asked = reflected_source(lambda top, bottom: picture[:, :, top:bottom], size, 8)
    whole = torch.nn.functional.pad(picture, (8, 8, 0, 0), mode="reflect" if size[1] > 8 else "replicate")
    whole = torch.nn.functional.pad(whole, (0, 0, 8, 8), mode="reflect" if size[0] > 8 else "replicate")
    for top, bottom in ((0, size[0] + 16), (0, 1), (7, 9), (size[0] + 7, size[0] + 16), (size[0] + 15, size[0] + 16)):
        assert torch.equal(asked(top, bottom), whole[:, :, top:bottom])


class Framing(Network):
    """A network that draws a frame of 6 px."""

    staged = False

    def paint(self, x, mix):
        framed = torch.ones_like(x)
        framed[..., 6:-6, 6:-6] = 0
        return framed


def test_a_frame_that_a_network_draws_is_cut_off():
    picture, net = torch.rand(1, 3, 40, 50), Framing("framing", 3)
    assert net(picture, one(3, 1)).std() > 0.1
    assert painted(net, picture)[0].std() < 1e-6
