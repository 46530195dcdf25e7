"""Several processes that train one network, started by PyTorch's own launcher:

    torchrun --nproc-per-node 2 -m impasto train painting.jpg --learn network

Each has a GPU of its own and draws photographs of its own; gradients are averaged at every step. Imports torch: worker side only.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import torch
from torch import Tensor, distributed

from ..style.training import SINGLE_PROCESS, ProcessGroup

RANK, COUNT, LOCAL = "RANK", "WORLD_SIZE", "LOCAL_RANK"
"""What the launcher tells each process in its environment."""


class LaunchedGroup:
    """One of the processes that the launcher has started."""

    def __init__(self, device: torch.device) -> None:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        self.count, self.rank = distributed.get_world_size(), distributed.get_rank()

    def average(self, gradients: Sequence[Tensor]) -> None:
        """See :class:`impasto.style.training.ProcessGroup`. One message for all of them: most are a few numbers long."""
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(flat)
        flat /= self.count
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))


def launched() -> bool:
    """Whether this process is one of several."""
    return int(os.environ.get(COUNT, "1")) > 1


def is_first() -> bool:
    """Whether this process is the one that talks and writes."""
    return int(os.environ.get(RANK, "0")) == 0


def local_device(name: str) -> str:
    """The setting ``device`` for this process: ``auto`` and ``cuda`` become the GPU with the process's own number."""
    return f"cuda:{os.environ[LOCAL]}" if launched() and name in ("auto", "cuda") and torch.cuda.is_available() else name


def join(device: torch.device) -> ProcessGroup:
    """Meet the other processes, where there are any."""
    return LaunchedGroup(device) if launched() else SINGLE_PROCESS
