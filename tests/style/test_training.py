"""Training: the loss is what it says, it goes down, and a killed run goes on as if it had not been killed."""

from dataclasses import replace

import pytest
import torch
from impasto.style.gaussian import Gaussian, wasserstein
from impasto.style.losses import Moments, W2Loss
from impasto.style.perceptual import checkerboard_loss
from impasto.style.tiled_batch import tile, untile
from impasto.style.training import Trainer, TrainingConfig
from impasto.style.transformer import build

from .conftest import smooth_noise

RECIPE = TrainingConfig(steps=40, batch=2, side=32, style_sides=(48, 32), warm_up=4, learning_rate=3e-3)


def photos(step, count=2, side=32):
    return torch.cat([smooth_noise(side, side, 100 * step + k) for k in range(count)])


def trainer(encoder, style, seed=0, network="lean:8x1", **options):
    torch.manual_seed(seed)
    return Trainer(build(network, 5), encoder, [style], RECIPE, **options)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_a_mosaic_comes_apart_again(count):
    pictures = torch.rand(count, 3, 12, 8)
    assert torch.equal(untile(tile(pictures), count), pictures[..., 1:-1, 1:-1])


def test_the_distance_is_that_of_the_iterative_method_where_every_mode_is_kept():
    generator = torch.Generator().manual_seed(0)
    target, seen = torch.rand(1, 20, 30, 30, generator=generator), 0.7 * torch.rand(1, 20, 25, 25, generator=generator) + 0.1
    ours = wasserstein(Moments.of(seen), Gaussian.of(Moments.of(target)))
    assert float(ours) == pytest.approx(float(W2Loss(Moments.of(target))(seen)), rel=0.02)
    assert float(wasserstein(Moments.of(target), Gaussian.of(Moments.of(target)))) < 1e-3


def test_eigenvectors_beyond_the_leading_ones_still_count_as_variance(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    target = torch.rand(1, 20, 30, 30, generator=generator)
    monkeypatch.setattr(Gaussian, "EIGENVECTORS", 5)
    gaussian = Gaussian.of(Moments.of(target))
    assert gaussian.eigenvectors.shape == (20, 5)
    same = wasserstein(Moments.of(target), gaussian)
    louder = wasserstein(Moments.of(target * 1.5 - 0.25), gaussian)
    assert float(same) < 1e-3 < float(louder)


def test_a_grid_is_punished_and_a_picture_is_not():
    picture = torch.cat([smooth_noise(128, 96, k) for k in range(2)])
    grid = torch.zeros_like(picture)
    grid[..., ::4, ::4] = 0.05
    alone = 0.05**2 * 1 / 16 * 15 / 16
    assert float(checkerboard_loss(picture)) < 0.5 * alone
    assert float(checkerboard_loss(picture + grid) - checkerboard_loss(picture)) == pytest.approx(alone, rel=0.1)
    assert float(checkerboard_loss(torch.rand(1, 3, 20, 9))) >= 0  # smaller than a block


def test_what_people_get_by_default_is_what_is_trained_most(encoder, style):
    """A painting's own strokes have a row of their own, and a target."""
    torch.manual_seed(0)
    run = Trainer(build("lean:8x1", 9), encoder, [style, style], replace(RECIPE, style_sides=(96, 48, 24), default_share=0.7))
    assert len(run.loss.targets) == 6
    assert run.mix(3, 0.5)[5:].tolist() == [1, 1, 0, 0]
    assert run.mix(run.config.default_target(1), 0.5)[5:].tolist() == [1, 0, 0, 0]
    assert run.mix(5, 1.0)[5:].tolist() == [1, 0, 1, 1]
    targets, strengths = run._draw(6000, torch.Generator().manual_seed(0))
    assert strengths.count(0.5) / 6000 == pytest.approx(0.92 * 0.7, abs=0.02) and strengths.count(0) / 6000 > 0.05
    shares = [targets.count(target) / 6000 for target in range(6)]
    assert shares == pytest.approx([0.05, 0.4, 0.05] * 2, abs=0.02)


@pytest.mark.slow
def test_training_lowers_the_loss(encoder, style):
    run = trainer(encoder, style)
    # One row at one strength: which are drawn sways the loss more than a step does.
    run._draw = lambda count, generator: ([1] * count, [0.5] * count)
    totals = [run.step(photos(0))["total"] for _ in range(40)]
    assert sum(totals[-8:]) < 0.8 * sum(totals[4:12])


@pytest.mark.slow
def test_a_network_learns_to_paint_a_moved_picture_alike(encoder, style):
    def shifts(weight):
        torch.manual_seed(0)
        run = Trainer(build("hourglass:8-8x1", 5), encoder, [style], replace(RECIPE, shift_weight=weight))
        run._draw = lambda count, generator: ([1] * count, [0.5] * count)
        for step in range(30):
            run.step(photos(step))
        mix = run.mix(1, 0.5).expand(2, -1)
        with torch.no_grad():
            return float(run._shift(run._paint(photos(7), mix), photos(7), mix))

    assert shifts(20.0) < 0.7 * shifts(0.0)


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lean:8x1", pytest.param("texture:4x2", marks=pytest.mark.slow)])
def test_a_resumed_run_ends_with_the_very_same_weights(encoder, style, tmp_path, network):
    through = trainer(encoder, style, network=network)
    for step in range(6):
        through.step(photos(step))
    first = trainer(encoder, style, network=network)
    for step in range(3):
        first.step(photos(step))
    torch.save(first.state(), tmp_path / "checkpoint")
    second = trainer(encoder, style, seed=9, network=network)
    second.restore(torch.load(tmp_path / "checkpoint", weights_only=True))
    for step in range(second.done, 6):
        second.step(photos(step))
    for a, b in zip(through.averaged().values(), second.averaged().values(), strict=True):
        assert torch.equal(a, b)


def test_a_new_style_may_learn_its_rows_alone(encoder, style):
    run = trainer(encoder, style, embeddings_only=True)
    before = {name: value.clone() for name, value in run.network.state_dict().items()}
    for step in range(3):
        run.step(photos(step))
    changed = {name for name, value in run.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all(name.endswith(("gamma", "beta")) for name in changed)


def test_a_step_that_is_not_finite_changes_nothing(encoder, style):
    run = trainer(encoder, style)
    run.step(photos(0))
    before = [p.detach().clone() for p in run.network.parameters()]
    run.step(torch.full((2, 3, 32, 32), torch.nan))
    assert run.done == 2
    assert all(torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True))


def test_assessing_learns_nothing_and_sees_the_averaged_weights(encoder, style):
    run = trainer(encoder, style)
    run.step(photos(0))
    before = [p.detach().clone() for p in run.network.parameters()]
    first, again = run.evaluate(photos(7), 1), run.evaluate(photos(7), 1)
    assert first == again and first["style"] > 0
    assert all(torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True))
    run.ema = [torch.zeros_like(p) for p in run.ema]
    assert run.evaluate(photos(7), 1) != first
