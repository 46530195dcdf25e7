"""A painting's light and dark are drawn back to where the picture has them."""

import pytest
import torch
from impasto.style.colour import luminance
from impasto.style.tone import ToneCorrection, tone_share


def corrected(painted, content, share, rows=None):
    height, width = content.shape[-2:]
    correction = ToneCorrection(painted, content, (height, width), share)
    parts = [correction.rows(top, min(height, top + (rows or height))) for top in range(0, height, rows or height)]
    return painted + torch.cat(parts)


def gradient(height=90, width=130):
    return torch.linspace(0.1, 0.9, width).expand(1, 3, height, width)


def test_light_and_dark_come_back_and_what_is_small_stays():
    content = gradient()
    strokes = 0.1 * torch.randn(1, 3, 90, 130, generator=torch.Generator().manual_seed(0))
    painted = 0.6 - 0.4 * (content - 0.5) + strokes  # brighter where the picture is darker
    after = corrected(painted, content, 1.0)

    def order(picture):
        low = [torch.nn.functional.avg_pool2d(luminance(one), 10).flatten() for one in (picture, content)]
        return float(torch.corrcoef(torch.stack(low))[0, 1])

    assert order(painted) < -0.9 and order(after) > 0.9
    difference = (after - painted)[0]
    assert torch.allclose(difference[0], difference[1], atol=1e-6), "chroma stays"
    assert difference.diff(dim=-1).abs().max() < 0.02, "nothing that changes from px to px"
    assert luminance(after).mean() == pytest.approx(float(luminance(painted).mean()), abs=0.05)


def test_a_white_ground_gets_brighter_than_a_black_one():
    painted = 0.4 + 0.1 * torch.rand(1, 3, 80, 80, generator=torch.Generator().manual_seed(0))
    white, black = (corrected(painted, torch.full((1, 3, 80, 80), value), 0.5).mean() for value in (1.0, 0.0))
    assert white - black > 0.1


def test_the_picture_itself_and_the_strongest_style_stay_as_they_are():
    assert tone_share(0) == tone_share(1) == 0 and tone_share(0.5) == 0.5
    content = torch.rand(1, 3, 50, 40)
    assert torch.equal(corrected(content * 0.5, content, 0.0), content * 0.5)


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (300, 7), (64, 64)])
def test_rows_are_those_of_the_whole_for_every_size(size):
    painted, content = torch.rand(2, 1, 3, *size)
    whole = corrected(painted, content, 0.5)
    assert whole.isfinite().all()
    assert torch.equal(corrected(painted, content, 0.5, rows=5), whole)


def test_evenly_spread_pixels_tell_what_all_of_them_tell():
    painted, content = torch.rand(1, 3, 400, 600), gradient(400, 600)
    all_of_them = ToneCorrection(painted, content, (400, 600), 0.5).rows(0, 400)
    some = ToneCorrection(painted[..., ::3, ::3], content[..., ::3, ::3], (400, 600), 0.5).rows(0, 400)
    assert (all_of_them - some).abs().max() < 0.02
