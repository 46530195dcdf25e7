"""Noise in a network's input: a function of the position alone."""

import pytest
import torch
from impasto.style import feedforward
from impasto.style.feedforward import FeedForward
from impasto.style.noise import COARSE_CELL, NOISE, SEGMENT, add_noise, noisy_source, position_noise

from .test_feedforward import in_parts  # noqa: F401  a fixture
from .test_transformer import network, one


def test_any_rows_of_any_width_are_part_of_one_plane():
    whole = position_noise(0, 200, 2 * SEGMENT + 100)
    for top, bottom, width in ((0, 1, 1), (31, 33, 700), (64, 200, SEGMENT + 1)):
        assert torch.equal(position_noise(top, bottom, width), whole[:, :, top:bottom, :width])


def test_it_is_the_same_on_every_machine():
    expected = [
        1.64576,
        3.00083,
        4.26295,
        2.74604,
        1.91549,
        4.15313,
        3.62656,
        1.45955,
        2.59144,
        3.57151,
        2.64808,
        4.06808,
        3.46607,
        2.11743,
        2.24007,
        2.28731,
        2.08275,
        3.75781,
    ]
    assert torch.allclose(position_noise(700, 702, SEGMENT + 3)[0, :, :, -3:].flatten(), torch.tensor(expected), atol=1e-5)


@pytest.mark.slow
def test_fine_noise_is_normal_and_has_no_pattern():
    noise = position_noise(0, 512, 4 * SEGMENT)
    fine = noise - torch.nn.functional.avg_pool2d(noise, 9, 1, 4, count_include_pad=False)
    assert fine.mean().abs() < 0.01 and fine.std() == pytest.approx(1, abs=0.02)
    assert (fine / fine.std()).pow(4).mean() == pytest.approx(3, abs=0.1)
    assert (fine[:, 0] * fine[:, 1]).mean().abs() < 0.01, "channels are independent"
    power = torch.fft.fft2(fine[0, 0]).abs().square()
    assert power.max() < 25 * power.mean()


def test_coarse_noise_is_shared_by_the_channels_and_smooth():
    noise = position_noise(0, 40 * COARSE_CELL, 40 * COARSE_CELL)
    cells = torch.nn.functional.avg_pool2d(noise, COARSE_CELL)[0].flatten(1)
    assert cells.std() > 5 / COARSE_CELL, "much more than what fine noise averages to"
    assert torch.corrcoef(cells).min() > 0.95


def test_a_source_is_noisy_only_as_far_as_asked_and_stays_in_range():
    picture = torch.rand(1, 3, 50, 60)
    assert add_noise(picture, 0.0) is picture
    rows = noisy_source(lambda top, bottom: picture[:, :, top:bottom], NOISE)
    noisy = add_noise(picture, NOISE)
    assert torch.equal(torch.cat([rows(0, 17), rows(17, 50)], 2), noisy)
    assert noisy.min() >= 0 and noisy.max() <= 1 and 0.5 * NOISE < (noisy - picture).std() < 3 * NOISE


@pytest.mark.slow
@pytest.mark.parametrize("size", [(200, 330), (97, 65)])
def test_a_network_that_was_trained_with_noise_paints_with_it_in_parts_as_in_one_piece(size, in_parts, monkeypatch):  # noqa: F811
    picture, net = torch.rand(1, 3, *size), network("hourglass:12-16x2")

    def painted(noise, embedding=1):
        net.noise = noise
        work = FeedForward(net, one(3, embedding)[0], lambda top, bottom: picture[:, :, top:bottom], size)
        return torch.cat([advance.rows for advance in work.paint() if advance.rows is not None], 2)

    plain, parts = painted(0.0), painted(NOISE)
    assert torch.equal(painted(NOISE), parts)
    assert torch.equal(painted(NOISE, embedding=0), painted(0.0, embedding=0)), "the picture itself is to stay"
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 1 << 30)
    assert (painted(NOISE) - parts).abs().max() < 1e-4 < (plain - parts).abs().max()
