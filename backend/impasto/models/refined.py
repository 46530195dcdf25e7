"""Embeddings that have been refined on a picture, kept on the disk: what took half a minute once is there at once from then on.

One small safetensors file each, in a folder that only the user may look into. It is a cache: what is damaged counts as absent, what
has not been used for longest goes first, and a disk that cannot be written costs the next refinement and nothing else. No torch.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from ..disk import private_folder, written_whole
from ..errors import DigestMismatch
from . import weights

if TYPE_CHECKING:
    import numpy as np

log = logging.getLogger(__name__)

FORMAT = "impasto-refined-1"

MAX_FILES, MAX_BYTES = 512, 16 << 20
"""On the disk. An embedding of the network that ships has 12 kB."""

IN_MEMORY = 64
"""Embeddings that are kept in memory, too: the disk may be full."""

EMBEDDING = "embedding"


class RefinedEmbeddings:
    """Embeddings by key. Several processes may use one folder; an instance belongs to one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """``folder``: made, for the user alone, when there is something to keep."""
        self._folder = folder
        self._recent: OrderedDict[str, np.ndarray] = OrderedDict()

    def get(self, key: Sequence[str]) -> np.ndarray | None:
        """The embedding, float32 (2 C,), kept under ``key``; None where there is none, or it is damaged."""
        name = _name(key)
        embedding = self._recent.get(name)
        if embedding is None:
            embedding = self._read(name)
        if embedding is not None:
            self._remember(name, embedding)
            with contextlib.suppress(OSError):
                os.utime(self._file(name))
        return embedding

    def keep(self, key: Sequence[str], embedding: np.ndarray) -> None:
        """Keep an ``embedding``, float32 (2 C,), under ``key``; what has not been used for longest makes room."""
        from safetensors.numpy import save_file

        name, arrays = _name(key), {EMBEDDING: embedding}
        self._remember(name, embedding)
        metadata = {"format": FORMAT, "key": name, "tensors_sha256": weights.digest_of_tensors(arrays)}
        try:
            private_folder(self._folder)
            with written_whole(self._file(name), lasting=False) as temporary:
                save_file(arrays, temporary, metadata=metadata)
                temporary.chmod(0o600)
            self._make_room()
        except OSError as error:
            log.warning("a refined style is not kept on the disk: %s", error)

    def clear(self) -> None:
        """Forget them all."""
        self._recent.clear()
        for file in self._folder.glob("*.safetensors"):
            file.unlink(missing_ok=True)

    def _read(self, name: str) -> np.ndarray | None:
        try:
            with weights.opened(self._file(name)) as handle:
                metadata, embedding = handle.metadata() or {}, handle.get_tensor(EMBEDDING)
        except (OSError, DigestMismatch, SafetensorError, ValueError, TypeError):
            return None
        whole = {"format": FORMAT, "key": name, "tensors_sha256": weights.digest_of_tensors({EMBEDDING: embedding})}
        return embedding if metadata == whole else None

    def _remember(self, name: str, embedding: np.ndarray) -> None:
        self._recent[name] = embedding
        self._recent.move_to_end(name)
        while len(self._recent) > IN_MEMORY:
            self._recent.popitem(last=False)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.safetensors"

    def _make_room(self) -> None:
        """Remove what was used longest ago, and with it what killed processes have left half-written."""
        found = []
        with os.scandir(self._folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):  # another process makes room as well
                    status = entry.stat(follow_symlinks=False)
                    found.append((status.st_mtime, status.st_size, Path(entry.path)))
        total = 0
        for number, (_, size, file) in enumerate(sorted(found, reverse=True)):
            total += size
            if number >= MAX_FILES or total > MAX_BYTES:
                file.unlink(missing_ok=True)


def _name(key: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(list(key)).encode()).hexdigest()
