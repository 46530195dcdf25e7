"""The neighbour-matching loss: which neighbours, and what they ask for."""

import pytest
import torch
from impasto.style.losses import Moments, W2Loss
from impasto.style.nearest import NearestLoss

LAYERS = {"relu3_1": 0.75, "relu4_1": 0.25}


def features(seed, height=4, width=6):
    generator = torch.Generator().manual_seed(seed)
    return {
        "relu1_1": torch.rand(1, 3, 4 * height, 4 * width, generator=generator, dtype=torch.float64),
        "relu3_1": torch.rand(1, 5, height, width, generator=generator, dtype=torch.float64),
        "relu4_1": torch.rand(1, 4, height // 2, width // 2, generator=generator, dtype=torch.float64),
    }


def test_the_style_itself_has_no_distance_to_it_wherever_its_places_are():
    """A mirror image has the same places, elsewhere."""
    style = features(1)
    mirrored = {layer: one.flip(3) for layer, one in style.items()}
    assert NearestLoss(mirrored, [style], [1.0], LAYERS)(mirrored).item() == pytest.approx(0, abs=1e-6)
    assert NearestLoss(mirrored, [style], [1.0], LAYERS)(style).item() > 0.1


def test_the_nearest_is_found_place_by_place_as_by_hand():
    guide, style, painted = features(1), features(2, 6, 4), features(3)
    alone = {"relu3_1": 1.0}
    flat = {name: one["relu3_1"].flatten(2)[0] for name, one in {"guide": guide, "style": style, "painted": painted}.items()}
    mean = flat["style"].mean(1, keepdim=True)
    distances = []
    for place in range(flat["guide"].shape[1]):
        wanted = flat["guide"][:, place] - flat["guide"].mean(1)
        cosines = [torch.cosine_similarity(wanted, one - mean[:, 0], dim=0).item() for one in flat["style"].T]
        target = flat["style"][:, cosines.index(max(cosines))] - mean[:, 0]
        distances.append(1 - torch.cosine_similarity(flat["painted"][:, place] - mean[:, 0], target, dim=0).item())
    loss = NearestLoss(guide, [style], [1.0], alone)(painted)
    assert loss.item() == pytest.approx(sum(distances) / len(distances), rel=1e-6)


def test_the_first_block_goes_by_its_statistics():
    guide, style, painted = features(1), features(2), features(3)
    layers = {"relu1_1": 0.4, "relu3_1": 0.6}
    deep = NearestLoss(guide, [style], [1.0], {"relu3_1": 0.6})(painted)
    palette = W2Loss(Moments.of(style["relu1_1"]))(painted["relu1_1"])
    whole = NearestLoss(guide, [style], [1.0], layers)(painted)
    assert whole.item() == pytest.approx((deep + 0.4 * palette).item(), rel=1e-6)
    alone = NearestLoss(guide, [style], [1.0], {"relu1_1": 1.0})
    assert alone(style).item() != pytest.approx(W2Loss(Moments.of(style["relu1_1"]))(style["relu1_1"]).item())


def test_gradients_equal_finite_differences():
    guide, style, painted = (features(seed, 2, 2) for seed in (1, 2, 3))
    loss = NearestLoss(guide, [style], [1.0], {"relu1_1": 0.2, **LAYERS})

    def of(shallow, fine, coarse):
        return loss({"relu1_1": shallow, "relu3_1": fine, "relu4_1": coarse})

    inputs = tuple(one.requires_grad_() for one in painted.values())
    assert torch.autograd.gradcheck(of, inputs, eps=1e-6, atol=1e-5)


def test_flat_pictures_have_finite_losses_and_gradients():
    flat = {layer: torch.zeros_like(one).requires_grad_() for layer, one in features(1).items()}
    for target in (features(2), {layer: torch.ones_like(one) for layer, one in features(2).items()}):
        loss = NearestLoss(flat, [target], [1.0], LAYERS)(flat)
        gradients = torch.autograd.grad(loss, [flat[layer] for layer in LAYERS])
        assert torch.isfinite(loss) and all(torch.isfinite(gradient).all() for gradient in gradients)


def test_of_several_styles_each_has_its_share_of_the_places(monkeypatch):
    """Where one has nearly all the weight, hardly any place of the other is there to be taken."""
    monkeypatch.setattr("impasto.style.nearest.SAMPLES", 24)
    one, other = features(1), features(2)
    mixed = [NearestLoss(one, [one, other], mix, LAYERS)(one).item() for mix in ([1 - 1e-9, 1e-9], [0.5, 0.5], [1e-9, 1 - 1e-9])]
    assert mixed[0] < mixed[1] < mixed[2]
