"""Colour transfer is judged by the statistics it promises."""

import pytest
import torch
from impasto.style.colour import luminance, match_luminance, match_palette, with_luminance

from .conftest import smooth_noise


def statistics(picture):
    flat = picture.flatten(2)[0].double()
    return flat.mean(1), torch.cov(flat, correction=0)


@pytest.mark.slow
def test_match_palette_gives_the_contents_mean_and_covariance():
    content = 0.5 + (smooth_noise(40, 40, 1) - 0.5) * 0.4  # away from 0 and 1, so that clipping plays no part
    style = 0.5 + (smooth_noise(40, 60, 2) - 0.5) * 0.4
    matched = match_palette(style, content)
    assert 0 < matched.min() and matched.max() < 1
    (mean, covariance), (mean_c, covariance_c) = statistics(matched), statistics(content)
    torch.testing.assert_close(mean, mean_c, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(covariance, covariance_c, rtol=0.05, atol=3e-5)


@pytest.mark.parametrize(
    "style",
    [
        torch.full((1, 3, 20, 20), 0.5),
        torch.zeros(1, 3, 20, 20),
        smooth_noise(20, 20, 5)[:, :1].expand(1, 3, 20, 20),
    ],
    ids=["flat", "black", "grey"],
)
def test_match_palette_survives_styles_without_colour(style):
    matched = match_palette(style, smooth_noise(20, 20, 1))
    assert torch.isfinite(matched).all() and matched.min() >= 0 and matched.max() <= 1


def test_match_luminance_gives_the_contents_brightness_and_contrast():
    content, style = 0.5 + (smooth_noise(40, 40, 1) - 0.5) * 0.3, smooth_noise(30, 50, 2)
    matched = match_luminance(style, content)
    assert matched.shape == style.shape and torch.equal(matched[:, 0], matched[:, 2])
    assert matched.mean().item() == pytest.approx(luminance(content).mean().item(), abs=2e-3)
    assert matched[:, :1].std().item() == pytest.approx(luminance(content).std().item(), rel=0.05)


@pytest.mark.slow
def test_with_luminance_takes_the_new_brightness_and_keeps_the_chroma():
    content = 0.5 + (smooth_noise(30, 30, 1) - 0.5) * 0.3
    y = (luminance(content) + 0.05).clamp(0, 1)
    result = with_luminance(content, y)
    torch.testing.assert_close(luminance(result), y, rtol=0, atol=1e-5)
    torch.testing.assert_close(result - luminance(result), content - luminance(content), rtol=0, atol=1e-5)


def test_with_luminance_keeps_hue_where_the_colour_would_leave_the_gamut():
    red = torch.tensor([0.9, 0.1, 0.1]).view(1, 3, 1, 1)
    result = with_luminance(red, torch.full((1, 1, 1, 1), 0.95)).flatten()
    assert result.max() <= 1 and result[0] > result[1] == result[2]
    assert luminance(result.view(1, 3, 1, 1)).item() == pytest.approx(0.95, abs=1e-5)
