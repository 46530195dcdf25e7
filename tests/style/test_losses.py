"""The losses against the papers, worked by hand, and their gradients against finite differences."""

import math

import pytest
import torch
from impasto.style.losses import (
    CONTENT_LOSSES,
    STYLE_LOSSES,
    ContentLoss,
    GatysContentLoss,
    GatysGramLoss,
    GramLoss,
    Moments,
    W2Loss,
    symmetric_sqrt,
    total_variation,
)


def features(*shape, seed=0):
    return torch.rand(1, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_gatys_gram_loss_is_the_papers_equation_4_worked_by_hand():
    # N = 2 channels, M = 3 positions
    painted = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]], dtype=torch.float64).reshape(1, 2, 1, 3)
    style = torch.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]], dtype=torch.float64).reshape(1, 2, 1, 3)
    gram = [[5, 2], [2, 10]]  # F F^T: 1+4, 0+2+0; 0+2+0, 1+9
    target = [[3, 3], [3, 5]]
    by_hand = sum((gram[i][j] - target[i][j]) ** 2 for i in range(2) for j in range(2)) / (4 * 2**2 * 3**2)
    assert GatysGramLoss(Moments.of(style))(painted).item() == pytest.approx(by_hand)


def test_gatys_content_loss_is_half_the_sum_of_squares():
    painted, target = features(2, 3, 3), features(2, 3, 3, seed=1)
    by_hand = sum((a - b) ** 2 for a, b in zip(painted.flatten().tolist(), target.flatten().tolist(), strict=True)) / 2
    assert GatysContentLoss(target)(painted).item() == pytest.approx(by_hand)


def test_gram_loss_worked_by_hand():
    painted = torch.tensor([[2.0, 0.0], [1.0, 1.0]], dtype=torch.float64).reshape(1, 2, 1, 2)
    style = torch.tensor([[1.0, 1.0], [0.0, 2.0]], dtype=torch.float64).reshape(1, 2, 1, 2)
    g, a = torch.tensor([[2.0, 1.0], [1.0, 1.0]]), torch.tensor([[1.0, 1.0], [1.0, 2.0]])
    expected = ((g - a) ** 2).sum() / (a**2).sum()
    assert GramLoss(Moments.of(style))(painted).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("name", ["gram", "w2"])
def test_relative_losses_do_not_depend_on_size_or_on_the_encoders_scale(name):
    painted, style = features(4, 6, 8), features(4, 5, 7, seed=1)
    loss = STYLE_LOSSES[name](Moments.of(style))(painted)
    twice_as_wide = STYLE_LOSSES[name](Moments.of(style.repeat(1, 1, 3, 1)))(painted.repeat(1, 1, 1, 2))
    assert twice_as_wide.item() == pytest.approx(loss.item(), rel=1e-6)
    louder = STYLE_LOSSES[name](Moments.of(style * 50))(painted * 50)
    assert louder.item() == pytest.approx(loss.item(), rel=5e-3)  # w2's ridge does not scale


def test_w2_of_independent_channels_is_the_closed_form():
    # For diagonal covariances: |m - m*|^2 + sum (sqrt(s) - sqrt(s*))^2
    generator = torch.Generator().manual_seed(3)
    basis = torch.linalg.qr(torch.randn(40, 40, generator=generator, dtype=torch.float64) - 0.0)[0]
    zero_mean = torch.linalg.qr(torch.cat([torch.ones(40, 1, dtype=torch.float64), basis[:, :5]], 1))[0][:, 1:4].T * math.sqrt(40)
    deviation, deviation_s = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([2.0, 1.0, 0.1]).double()
    mean, mean_s = torch.tensor([0.0, 1.0, 2.0]).double(), torch.tensor([1.0, 1.0, 0.0]).double()
    painted = (zero_mean * deviation[:, None] + mean[:, None]).reshape(1, 3, 5, 8)
    style = (zero_mean * deviation_s[:, None] + mean_s[:, None]).reshape(1, 3, 5, 8)
    ridge = W2Loss.RIDGE
    roots = (deviation**2 + ridge).sqrt() - (deviation_s**2 + ridge).sqrt()
    energy = (deviation_s**2 + mean_s**2).sum()
    expected = ((mean - mean_s).square().sum() + roots.square().sum()) / energy
    assert W2Loss(Moments.of(style))(painted).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("name", ["gram", "gatys", "w2"])
def test_every_loss_is_zero_at_its_target_and_positive_elsewhere(name):
    style = features(4, 6, 8)
    assert STYLE_LOSSES[name](Moments.of(style))(style).item() == pytest.approx(0, abs=1e-6)
    assert STYLE_LOSSES[name](Moments.of(style))(features(4, 6, 8, seed=9) * 2).item() > 1e-3
    assert CONTENT_LOSSES[name](style)(style).item() == 0
    assert CONTENT_LOSSES[name](style)(style + 1).item() > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda target: GramLoss(Moments.of(target)),
        lambda target: GatysGramLoss(Moments.of(target)),
        lambda target: W2Loss(Moments.of(target)),
        ContentLoss,
        GatysContentLoss,
        lambda target: total_variation,
    ],
    ids=["gram", "gatys", "w2", "content", "gatys content", "tv"],
)
def test_gradients_equal_finite_differences(make):
    loss = make(features(3, 5, 6, seed=1))
    assert torch.autograd.gradcheck(loss, (features(3, 5, 6).requires_grad_(),), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", ["gram", "gatys", "w2"])
def test_flat_pictures_have_finite_losses_and_gradients(name):
    """Grey, empty pictures have singular covariances: where public implementations turn black."""
    flat = torch.zeros(1, 4, 6, 6).requires_grad_()
    for target in (torch.zeros(1, 4, 6, 6), torch.ones(1, 4, 6, 6)):
        loss = STYLE_LOSSES[name](Moments.of(target))(flat)
        (gradient,) = torch.autograd.grad(loss, flat)
        assert torch.isfinite(loss) and torch.isfinite(gradient).all()


def test_mixed_styles_are_the_mean_of_raw_moments():
    one, other = features(3, 4, 4), features(3, 4, 4, seed=1)
    side_by_side = Moments.of(torch.cat([one, other], 3))
    mixed = Moments.mix([Moments.of(one), Moments.of(other)], [0.5, 0.5])
    torch.testing.assert_close(mixed.raw, side_by_side.raw)
    torch.testing.assert_close(mixed.mean, side_by_side.mean)


def test_symmetric_sqrt_squares_back():
    matrix = Moments.of(features(5, 8, 8)).raw
    root = symmetric_sqrt(matrix)
    torch.testing.assert_close(root @ root, matrix)


def test_total_variation_is_blind_to_flat_pictures_and_sees_noise_more_than_ramps():
    ramp = torch.linspace(0, 1, 32).expand(1, 3, 32, 32)
    noise = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert total_variation(torch.full((1, 3, 8, 8), 0.3)).item() == 0
    assert 0 < total_variation(ramp).item() < total_variation(noise).item() / 50
