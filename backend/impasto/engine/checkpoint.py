"""Where long work stands, kept beside it on the disk, so that whatever ends it costs no more than half a minute. Imports torch."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ..disk import remove_torn, written_whole
from ..observer import Observer
from ..task import CHECKPOINT as FILE

MAX_INTERVAL_S = 30.0
"""So much work is lost at most: from the state in one checkpoint until the next is written, if no single step takes longer."""

MAX_TIME_SHARE = 0.1
"""Of the time, writing checkpoints takes at most this, as far as :data:`MAX_INTERVAL_S` allows."""


class Checkpoint:
    """The checkpoint of the work in one folder. What the key does not name must not change between two runs over the folder."""

    def __init__(self, folder: Path, key: Mapping[str, Any], every_s: float, observer: Observer) -> None:
        """``key`` (plain JSON): what the state belongs to; that of another key is not read. ``observer`` is told
        of each, and of troubles."""
        self._file, self._every_s, self._observer = folder / FILE, every_s, observer
        self._key = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        self._due = time.monotonic() + every_s
        self._failed = False
        remove_torn(folder, FILE)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state that :meth:`save` was given last, on ``device``; None where there is none of this key, or it is damaged."""
        try:
            kept = torch.load(self._file, weights_only=True, map_location=device)
            return kept["state"] if kept["key"] == self._key else None
        except FileNotFoundError:
            return None
        except Exception:  # torch.load raises whatever it likes at a damaged file
            self._observer.note("The checkpoint was damaged, so the work began anew.")
            return None

    def due(self) -> bool:
        """Whether it is time for the next."""
        return time.monotonic() >= self._due

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep ``state``, whole and on the disk. Where that cannot be, the work goes on without."""
        began = time.monotonic()
        try:
            with written_whole(self._file) as temporary:
                torch.save({"key": self._key, "state": state}, temporary)
            self._observer.checkpoint()
        except (OSError, RuntimeError):  # torch's writer puts a full disk into words of its own
            if not self._failed:
                self._observer.note("There is no room for a checkpoint, so a crash would cost what is done since the last.")
            self._failed = True
        took = time.monotonic() - began
        # What is kept is the state as it was when writing began, and the next takes as long to be written: twice, on a bad day.
        self._due = began + max(2 * took, min(max(self._every_s, took / MAX_TIME_SHARE), MAX_INTERVAL_S - 2 * took))

    def drop(self) -> None:
        """It is of no use any more."""
        self._file.unlink(missing_ok=True)
