"""Who is told how a painting or a training goes, and says whether to go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from .learning.session import TrainingProgress
    from .models import FastHeader, PullProgress
    from .style import Progress


class Observer:
    """Does nothing by itself: override what is of interest."""

    wants_previews = False
    """Whether :meth:`preview` does anything, so that making the picture is worth the time."""

    def phase(self, name: str) -> None:
        """What is being done now: "preparing", "fetching weights", "painting", "saving"..."""

    def note(self, text: str) -> None:
        """A sentence for the user about something that she would not expect."""

    def device(self, facts: Mapping[str, Any]) -> None:
        """What the device is and what of its memory is in use, as plain JSON types."""

    def download(self, progress: PullProgress) -> None:
        """How far the download of an encoder's weights is."""

    def progress(self, progress: Progress | TrainingProgress) -> None:
        """A step has been done."""

    def preview(self, rgb: np.ndarray, alpha: np.ndarray | None) -> None:
        """The painting so far, small: float32 (H, W, 3) and (H, W), 0..1."""

    def refined(self, header: FastHeader, arrays: Mapping[str, np.ndarray]) -> None:
        """What pictures that no network has learnt are painted with is settled: a fast style's file without its base, whose styles
        :func:`impasto.models.refined_styles.keep` can keep."""

    def checkpoint(self) -> None:
        """What is done so far is safe on the disk."""

    def check(self) -> None:
        """Looked at between steps. Raise :class:`impasto.errors.Cancelled`, or anything else, to end without a picture."""

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`check` would raise, for waits that cannot be broken by an exception."""
        return False

    @property
    def finishing(self) -> bool:
        """Whether to stop at the next step and keep what there is."""
        return False
