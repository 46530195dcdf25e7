"""Winograd's algorithm gives the direct convolution's numbers and gradients, to rounding."""

import pytest
import torch
from impasto.style import convolution
from impasto.style.convolution import convolve, convolve_frozen
from torch.nn import functional as F

needs_nnpack = pytest.mark.skipif(not torch._nnpack_available(), reason="this build of PyTorch has no NNPACK")


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(1, 16, 61, 67, generator=generator)
    return x, torch.randn(24, 16, 3, 3, generator=generator), torch.randn(24, generator=generator)


@needs_nnpack
@pytest.mark.parametrize(("ours", "padding"), [(convolve_frozen, 1), (convolve, 0)])
def test_winograd_is_a_convolution_forwards_and_backwards(tensors, ours, padding):
    x, weight, bias = tensors
    assert convolution._winograd_pays(x, weight)
    quick, direct = x.clone().requires_grad_(), x.clone().requires_grad_()
    a, b = ours(quick, weight, bias), F.conv2d(direct, weight, bias, padding=padding)
    upstream = torch.randn(b.shape, generator=torch.Generator().manual_seed(4))
    (a * upstream).sum().backward()
    (b * upstream).sum().backward()
    assert a.shape == b.shape
    assert (a - b).abs().max() < 1e-4 * b.abs().max()
    assert (quick.grad - direct.grad).abs().max() < 1e-4 * direct.grad.abs().max()


@needs_nnpack
def test_two_runs_agree_to_the_bit(tensors):
    x, weight, bias = tensors
    assert torch.equal(convolve_frozen(x, weight, bias), convolve_frozen(x, weight, bias))


def test_weights_that_learn_get_their_gradient(tensors):
    x, weight, bias = tensors
    weight, bias = weight.requires_grad_(), bias.requires_grad_()
    convolve(x, weight, bias).square().sum().backward()
    direct_weight = weight.detach().clone().requires_grad_()
    F.conv2d(x, direct_weight, bias.detach()).square().sum().backward()
    assert torch.allclose(weight.grad, direct_weight.grad, rtol=1e-4)
    assert bias.grad is not None


def test_small_pictures_and_other_depths_are_convolved_directly(tensors):
    x, weight, _ = tensors
    assert not convolution._winograd_pays(x[..., :40, :40], weight)
    assert not convolution._winograd_pays(x.bfloat16(), weight.bfloat16())
