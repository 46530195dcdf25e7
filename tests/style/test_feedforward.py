"""The fast method paints a large picture in tiles as it would in one piece."""

import pytest
import torch
from impasto.style import feedforward
from impasto.style.feedforward import FeedForward

from .conftest import smooth_noise
from .test_transformer import network, one


def painted(network, picture, row=1, parts=None):
    height, width = picture.shape[-2:]
    whole = torch.full_like(picture, torch.nan)
    source = lambda top, left, h, w: picture[..., top:top + h, left:left + w]  # noqa: E731
    work = FeedForward(network, one(network.rows, row)[0], source, (height, width))
    seen = 0
    for top, left, part in work.paint():
        target = whole[..., top:top + part.shape[-2], left:left + part.shape[-1]]
        assert torch.isnan(target).all()
        target.copy_(part)
        seen += 1
    assert seen == work.tiles() == (parts or seen)
    assert not torch.isnan(whole).any()
    return whole


@pytest.mark.parametrize("spec", ["johnson:8-8-12x2", "lean:12x2"])
@pytest.mark.parametrize("size", [(200, 330), (321, 98)])
def test_tiled_equals_untiled(spec, size, monkeypatch):
    net, picture = network(spec), torch.rand(1, 3, *size)
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(feedforward, "TILE", 64)
    monkeypatch.setattr(feedforward, "SAMPLE_SIDE", 48)
    tiled = painted(net, picture)
    monkeypatch.setattr(feedforward, "TILE", 4096)
    untiled = painted(net, picture, parts=1)
    assert (tiled - untiled).abs().max() <= 1 / 255


def test_statistics_are_forgotten_even_when_the_painting_is_dropped(monkeypatch):
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(feedforward, "TILE", 32)
    net, picture = network("lean:12x2"), torch.rand(1, 3, 64, 64)
    work = FeedForward(net, one(3, 1)[0], lambda top, left, h, w: picture[..., top:top + h, left:left + w], (64, 64)).paint()
    next(work)
    work.close()
    assert all(norm.statistics is None and not norm.recording for norm in net.norms())


def test_sampled_statistics_are_near_those_of_the_whole_picture(monkeypatch):
    net = network("lean:12x2")
    picture = smooth_noise(384, 512, 1)
    whole = painted(net, picture)
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1000)
    monkeypatch.setattr(feedforward, "SAMPLE_SIDE", 96)
    evenly = painted(net, picture)
    monkeypatch.setattr(FeedForward, "_samples", lambda self: self.source(0, 0, 96, 96))
    from_a_corner = painted(net, picture)
    assert (evenly - whole).abs().mean() < 0.5 * (from_a_corner - whole).abs().mean()


def test_a_network_with_noise_is_never_cut_into_tiles(monkeypatch):
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1000)
    painted(network("texture:4x3"), torch.rand(1, 3, 64, 80), parts=1)
