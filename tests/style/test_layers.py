"""The quick forms of convolutions give what the plain ones give."""

import pytest
import torch
from impasto.style.layers import NORM_EPS, ConditionalNorm, Convolution, SubpixelConvolution, UpsampleConvolution
from torch.nn import functional as F


def plain(convolution, x, margin):
    return F.conv2d(F.pad(x, (margin,) * 4, mode="reflect"), convolution.weight, convolution.bias)


def grown(x):
    return F.interpolate(x, scale_factor=2, mode="nearest")


@pytest.mark.parametrize("size", [(2, 2), (1, 5), (6, 9)])
def test_growing_is_nearest_neighbour_then_a_convolution(size):
    layer, x = UpsampleConvolution(5, 4), torch.randn(2, 5, *size)
    with torch.no_grad():
        layer.bias.normal_()
        assert torch.allclose(layer(x), plain(layer, grown(x), 1), atol=1e-5)


@pytest.mark.parametrize("size", [(2, 2), (1, 5), (6, 9)])
def test_growing_smoothly_is_bilinear_then_a_convolution(size):
    layer, x = UpsampleConvolution(5, 4, smooth=True), torch.randn(2, 5, *size)
    with torch.no_grad():
        layer.bias.normal_()
        # Beyond the border the small map goes on as it ends.
        large = F.interpolate(F.pad(x, (1,) * 4, mode="replicate"), scale_factor=2, mode="bilinear")[..., 1:-1, 1:-1]
        assert torch.allclose(layer(x), F.conv2d(large, layer.weight, layer.bias), atol=1e-5)


def test_gradients_reach_the_weights_of_what_is_done_on_cells():
    grow, out, x = UpsampleConvolution(3, 4, cells=True), SubpixelConvolution(4, 3), torch.randn(1, 3, 6, 5)
    twins = [layer.weight.detach().clone().requires_grad_() for layer in (grow, out)]
    out(grow(x)).square().sum().backward()
    px = F.conv2d(F.pad(grown(x), (1,) * 4, mode="reflect"), twins[0])
    F.conv2d(F.pad(px, (2,) * 4, mode="reflect"), twins[1]).square().sum().backward()
    for layer, twin in zip((grow, out), twins, strict=True):
        assert torch.allclose(layer.weight.grad, twin.grad, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size", [(2, 2), (3, 7), (8, 5)])
def test_cells_are_convolved_as_their_px(size):
    layer, px = SubpixelConvolution(4, 3), torch.randn(1, 4, 2 * size[0], 2 * size[1])
    with torch.no_grad():
        layer.bias.normal_()
        assert torch.allclose(layer(F.pixel_unshuffle(px, 2)), plain(layer, px, 2), atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        Convolution(3, 4, 3),
        Convolution(3, 4, 9),
        Convolution(3, 4, 3, 2),
        UpsampleConvolution(3, 4),
        UpsampleConvolution(3, 4, cells=True),
        SubpixelConvolution(3, 2),
    ],
    ids=repr,
)
def test_rows_of_a_map_come_out_as_from_the_whole_of_it(layer):
    x = torch.randn(1, 12 if isinstance(layer, SubpixelConvolution) else 3, 24, 10)
    with torch.no_grad():
        whole = layer(x)
        first, second, third = (
            layer(x[:, :, max(0, a - layer.halo) : b + layer.halo], above=a == 0, below=b == 24)
            for a, b in ((0, 8), (8, 16), (16, 24))
        )
    assert torch.allclose(torch.cat([first, second, third], 2), whole, atol=1e-5)


def test_a_norm_sees_the_px_of_cells():
    norm, px = ConditionalNorm(2, 3), torch.randn(1, 3, 8, 6) * 3 + 1
    with torch.no_grad():
        norm.gamma.normal_(), norm.beta.normal_()
        mix = torch.tensor([[0.3, 0.7]])
        on_cells = F.pixel_shuffle(norm(F.pixel_unshuffle(px, 2), mix), 2)
        assert torch.allclose(on_cells, norm(px, mix), atol=1e-5)


@pytest.mark.parametrize("mean, deviation", [(0, 1), (3, 0.5), (-20, 1), (0.3, 0)])
@pytest.mark.parametrize("pictures", [1, 2])
def test_a_norm_is_the_formula(mean, deviation, pictures):
    x = mean + deviation * torch.randn(pictures, 5, 40, 50, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    norm, mix = ConditionalNorm(2, 5), torch.tensor([[0.3, 0.7], [1.0, 0.0]])[:pictures]
    with torch.no_grad():
        norm.gamma.normal_(), norm.beta.normal_()
        gamma, beta = (added[..., None, None].double() for added in (1 + mix @ norm.gamma, mix @ norm.beta))
        variance, average = torch.var_mean(x, (2, 3), correction=0, keepdim=True)
        exact = gamma * (x - average) / (variance + NORM_EPS).sqrt() + beta
        assert torch.allclose(norm(x.float(), mix).double(), exact, atol=2e-3)
        if pictures == 1:  # and with what was measured before
            variance, average, count = norm.measured(x.float())
            norm.statistics = average, variance
            assert count == 2000 and torch.allclose(norm(x.float(), mix).double(), exact, atol=2e-3)
