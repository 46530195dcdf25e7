"""The network of PyTorch's fast_neural_style example, written again from its description, to compare with."""

from __future__ import annotations

from torch import nn
from torch.nn import functional as F


class Theirs(nn.Module):
    """The network again, from its description: 0..255 in and out, reflected borders, norms with 1e-5."""

    def __init__(self):
        super().__init__()

        def conv(inputs, outputs, side, stride=1):
            layer = nn.Module()
            layer.conv2d = nn.Conv2d(inputs, outputs, side, stride)
            return layer

        def residual():
            block = nn.Module()
            block.conv1, block.conv2 = conv(128, 128, 3), conv(128, 128, 3)
            block.in1, block.in2 = (nn.InstanceNorm2d(128, affine=True) for _ in range(2))
            return block

        self.conv1, self.conv2, self.conv3 = conv(3, 32, 9), conv(32, 64, 3, 2), conv(64, 128, 3, 2)
        self.deconv1, self.deconv2, self.deconv3 = conv(128, 64, 3), conv(64, 32, 3), conv(32, 3, 9)
        for number, width in enumerate((32, 64, 128, 64, 32), 1):
            setattr(self, f"in{number}", nn.InstanceNorm2d(width, affine=True))
            setattr(self, f"res{number}", residual())

    @staticmethod
    def convolve(layer, x):
        margin = layer.conv2d.kernel_size[0] // 2
        return layer.conv2d(F.pad(x, [margin] * 4, mode="reflect"))

    def forward(self, x):
        for number in (1, 2, 3):
            x = F.relu(getattr(self, f"in{number}")(self.convolve(getattr(self, f"conv{number}"), x)))
        for number in range(1, 6):
            block = getattr(self, f"res{number}")
            x = x + block.in2(self.convolve(block.conv2, F.relu(block.in1(self.convolve(block.conv1, x)))))
        for number in (1, 2):
            grown = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(getattr(self, f"in{number + 3}")(self.convolve(getattr(self, f"deconv{number}"), grown)))
        return self.convolve(self.deconv3, x)
