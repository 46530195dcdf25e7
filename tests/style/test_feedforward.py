"""The fast method paints a large picture some rows at a time as it would in one piece."""

import pytest
import torch
from impasto.style import feedforward
from impasto.style.feedforward import FeedForward
from impasto.style.maps import InMemory

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

    for advance in FeedForward(network, one(network.rows, row)[0], source, (height, width), shelves).paint():
        fractions.append(advance.fraction)
        if advance.rows is not None:
            assert advance.top == sum(part.shape[2] for part in parts)
            parts.append(advance.rows)
    assert not any(asked_after_painting), "what has been painted over can be read no more"
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1)
    return torch.cat(parts, 2), len(parts)


@pytest.mark.parametrize("spec", ["johnson:8-8-12x2", "lean:12x2", "hourglass:12-16x2"])
@pytest.mark.parametrize("size", [(200, 330), (321, 98), (97, 65), (66, 1023)])
def test_in_parts_equals_in_one_piece(spec, size, in_parts):
    net, picture = network(spec), torch.rand(1, 3, *size) ** torch.linspace(0.2, 4, size[0])[:, None]
    with torch.inference_mode():
        whole = net(picture, one(3, 1)).clamp(0, 1)
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
        return InMemory(channels, height, width, torch.zeros(1))

    net, picture = network("lean:12x2"), torch.rand(1, 3, 202, 128)
    painted(net, picture, shelves=shelves)
    assert asked == [(12, 51, 32)] * 5 + [(8, 102, 64)]


def test_a_network_with_noise_is_never_cut(in_parts):
    assert painted(network("texture:4x3"), torch.rand(1, 3, 64, 80))[1] == 1
