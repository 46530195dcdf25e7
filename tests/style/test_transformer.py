"""Transformation networks: built from a string, any size in and out, clean by construction."""

import pytest
import torch
from impasto.style.mixing import embedding_indices, mix_embeddings
from impasto.style.transformer import build, parameters_of_a_row

SPECS = ["johnson:8-8-12x2", "lean:12x2", "hourglass:12-16x2", "texture:4x3"]


def network(spec, rows=3, seed=0):
    torch.manual_seed(seed)
    built = build(spec, rows).eval()
    with torch.no_grad():
        for norm in built.norms():
            norm.gamma.add_(0.3 * torch.randn_like(norm.gamma))
            norm.beta.add_(0.3 * torch.randn_like(norm.beta))
    return built


def one(rows, row):
    mix = torch.zeros(1, rows)
    mix[0, row] = 1
    return mix


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("size", [(16, 16), (33, 50), (17, 200)])
def test_the_painting_has_the_pictures_size(spec, size):
    picture = torch.rand(1, 3, *size)
    with torch.inference_mode():
        assert network(spec)(picture, one(3, 1)).shape == picture.shape


@pytest.mark.parametrize("spec", SPECS)
def test_rows_paint_differently_and_a_batch_paints_each_with_its_own(spec):
    net, picture = network(spec), torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        alone = [net(picture, one(3, row)) for row in (0, 2)]
        together = net(picture.expand(2, -1, -1, -1), torch.cat([one(3, 0), one(3, 2)]))
    assert (alone[0] - alone[1]).abs().max() > 1e-2
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


@pytest.mark.parametrize("spec", ["johnson:8-8-12x2", "lean:12x2", "hourglass:12-16x2"])
def test_nothing_beyond_the_radius_is_looked_at(spec):
    net = network(spec)
    side = 2 * net.radius + 48
    side += -side % net.stride
    picture = torch.rand(1, 3, side, side)
    touched = picture.clone()
    touched[..., :8, :8] = 1 - touched[..., :8, :8]
    with torch.inference_mode():
        freeze(net)
        difference = (net(picture, one(3, 1)) - net(touched, one(3, 1))).abs().amax((0, 1))
    reach = 8 + net.radius
    assert difference[reach:, :].max() == 0 and difference[:, reach:].max() == 0
    assert difference[:8, :8].max() > 0


@pytest.mark.parametrize("spec", ["johnson:8-8-12x2", "lean:12x2", "hourglass:12-16x2"])
def test_a_flat_picture_shows_no_checkerboard(spec):
    """Whatever the weights: a flat picture has the same features everywhere, so what is uneven comes from the enlarging.

    (Norms that measure a flat map would only enlarge what rounding leaves.)
    """
    net = network(spec, seed=5)
    with torch.inference_mode():
        freeze(net)
        painted = net(torch.full((1, 3, 64, 64), 0.4), one(3, 1))
    spectrum = torch.fft.rfft2(painted[0].mean(0) - painted.mean(), norm="forward").abs()
    for period in (2, 4, 8):
        assert spectrum[64 // period, 0] < 1e-5
        assert spectrum[0, 64 // period] < 1e-5


@pytest.mark.parametrize("spec", SPECS)
def test_half_precision_paints_the_same_picture(spec):
    net, picture = network(spec, seed=2), torch.rand(1, 3, 96, 128)
    with torch.inference_mode():
        exact = net(picture, one(3, 1))
        rough = net.prepare_for_inference(torch.bfloat16)(picture, one(3, 1))
    assert rough.dtype == torch.float32
    assert (net.dtype == torch.bfloat16) == net.staged
    assert (rough - exact).abs().mean() < 2e-2 * exact.std()


@pytest.mark.parametrize("spec", SPECS)
def test_settled_weights_paint_the_very_same_picture(spec):
    net, picture = network(spec, seed=2), torch.rand(1, 3, 96, 128)
    with torch.inference_mode():
        assert torch.equal(net(picture, one(3, 1)), net.prepare_for_inference(torch.float32)(picture, one(3, 1)))


def freeze(net):
    """Statistics that stay, so that convolutions alone decide."""
    for norm in net.norms():
        channels = norm.gamma.shape[1]
        norm.statistics = torch.zeros(1, channels, 1, 1), torch.ones(1, channels, 1, 1)


@pytest.mark.parametrize(
    "spec", ["", "johnson", "lean:0x3", "lean:12x99", "lean:300x2", "hourglass:8x2", "texture:8x1", "johnson:8x2", "lean:9x2 "]
)
def test_a_string_that_names_no_network_is_refused(spec):
    with pytest.raises(ValueError, match="no network"):
        build(spec, 3)


def test_a_style_more_costs_its_rows_alone():
    small, large = build("lean:12x2", 3), build("lean:12x2", 4)
    count = [sum(p.numel() for p in net.parameters()) for net in (small, large)]
    assert count[1] - count[0] == parameters_of_a_row(small)


def test_a_mix_shares_out_everything():
    first, second = embedding_indices(0), embedding_indices(1)
    for strength, detail in ((0.5, 0.5), (0.2, 0.1), (0.9, 0.8)):
        mix = mix_embeddings(9, [first, second], [0.25, 0.75], strength, detail)
        share = min(1, 2 * strength)
        assert mix[0] == pytest.approx(1 - share)
        assert mix[first[0]] == pytest.approx(0.25 * share) and mix[second[0]] == pytest.approx(0.75 * share)
        assert torch.allclose(mix[list(second)], 3 * mix[list(first)])


@pytest.mark.parametrize(
    "strength, detail, mix",
    [
        (0, 0.7, [1, 0, 0, 0, 0]),
        (0.25, 0.5, [0.5, 0.5, 0, 0, 0]),
        (0.25, 0, [0.5, 0.5, 0.5, 0, 0]),
        (0.5, 0.5, [0, 1, 0, 0, 0]),
        (0.5, 0.25, [0, 1, 0.5, 0, 0]),
        (0.5, 1, [0, 1, 0, 1, 0]),
        (0.75, 0.5, [0, 1, 0, 0, 0.5]),
        (1, 0, [0, 1, 1, 0, 1]),
    ],
)
def test_what_is_asked_for_is_a_style_and_what_is_added_to_it(strength, detail, mix):
    assert mix_embeddings(5, [embedding_indices(0)], [1.0], strength, detail).tolist() == mix
    assert mix_embeddings(2, [(1,)], [1.0], strength, detail).tolist() == mix[:2]  # a network from elsewhere
