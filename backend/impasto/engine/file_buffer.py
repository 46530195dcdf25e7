"""Features of very large pictures, kept in temporary files instead of memory."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class FileBuffer:
    """A feature buffer in an unnamed temporary file, which is gone with it."""

    def __init__(self, folder: Path, channels: int, height: int, width: int) -> None:
        self.channels, self.height, self.width = channels, height, width
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed with the buffer
        self._device = torch.device("cpu")

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`impasto.style.feature_maps.FeatureMap`."""
        rows = np.empty((bottom - top, self.channels, self.width), np.float32)
        self._file.seek(top * rows[0].nbytes)
        if self._file.readinto(rows.data.cast("B")) != rows.nbytes:
            raise OSError(errno.EIO, "a temporary file has become shorter")
        return torch.from_numpy(rows).permute(1, 0, 2)[None].contiguous().to(self._device)

    def write(self, top: int, rows: Tensor) -> None:
        """See :class:`impasto.style.feature_maps.FeatureBuffer`."""
        self._device = rows.device
        samples = rows[0].permute(1, 0, 2).contiguous().float().cpu().numpy()
        self._file.seek(top * samples[0].nbytes)
        self._file.write(samples.data.cast("B"))
