"""What the daemon hands a worker: one task, and the names of the files in its folder. Everything crosses as JSON or as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CONTENT = "content"
"""The picture to paint."""

PREVIEW = "preview.png"
"""The newest preview; replaced while the job runs."""

CHECKPOINT = "checkpoint.pt"
"""Where long work stands; see :mod:`impasto.engine.checkpoint`."""


REFINED = "refined.safetensors"
"""What the styles that no network has learnt were painted with; see :mod:`impasto.models.refined_styles`."""


def style_file(position: int) -> str:
    """The style picture at ``position`` of the stylization's styles, where one was sent along."""
    return f"style-{position}"


def painting_file(position: int) -> str:
    """The painting that a training learns as number ``position``."""
    return f"picture-{position}"


@dataclass(frozen=True)
class Task:
    """A job as the worker needs to know it. ``kind``: which handler does it; ``folder``: where its files are."""

    id: str
    kind: str
    folder: Path
    parameters: dict[str, Any]
    output: dict[str, Any]

    def to_message(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {**asdict(self), "folder": str(self.folder)}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Task:
        """The reverse; other keys are left alone."""
        fields = {name: message[name] for name in ("id", "kind", "parameters", "output")}
        return cls(folder=Path(message["folder"]), **fields)
