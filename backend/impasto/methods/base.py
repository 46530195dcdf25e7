"""What a method of painting is, and what a painting under way is. No torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ..machine import Machine
from ..models import FastLibrary
from ..observer import Observer
from ..settings import Settings
from ..sizes import Size
from ..stylization import Stylization

if TYPE_CHECKING:
    import numpy as np

    from ..engine.engine import Engine
    from ..style import Progress


class Session(Protocol):
    """One painting under way: an iterator over its steps. Arrays are float32 (H, W, 3), sRGB-encoded, 0..1."""

    @property
    def has_preview(self) -> bool:
        """Whether there is anything to see yet."""

    @property
    def checkpoint_key(self) -> list[Any] | None:
        """What, besides stylization and pictures, has to be the same for :meth:`restore`; None where it cannot go on later."""

    @property
    def done(self) -> int:
        """Steps so far."""

    def __iter__(self) -> Iterator[Progress]: ...

    def __next__(self) -> Progress:
        """Do one step."""

    def stop(self) -> bool:
        """Come to an end now with what there is: only the steps without which it is no picture are still to come. False where half
        a painting is not worth keeping, and it goes on as if nothing had been asked."""

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width). Changes nothing of what is to come."""

    def state(self) -> dict[str, Any]:
        """Tensors and plain numbers from which :meth:`restore` goes on to the bit. Keep them before the next step."""

    def restore(self, state: dict[str, Any]) -> None:
        """Before the first step: go on from the :meth:`state` of a session of the same kind, pictures and key."""


class Method(Protocol):
    """A way to paint. Everything but :meth:`begin` is asked by the daemon as well, and needs no torch."""

    name: str

    parameters: frozenset[str]
    """The fields of a stylization that make a difference to it. ``auto`` passes over a method that would ignore one that is set."""

    def check(self, stylization: Stylization, library: FastLibrary) -> None:
        """Raise the :class:`~impasto.errors.ImpastoError` that says why this cannot be painted this way, if so."""

    def size(self, full: Size, resolution: int, settings: Settings, machine: Machine) -> Size:
        """(height, width) at which a picture of size ``full`` is painted for a ``resolution``, never enlarged; 0: the method's own.

        Where ``resolution`` cannot fit into the machine's memory, raises :class:`OutOfMemory`, or, where the setting
        ``when_memory_is_short`` says so, returns a smaller size.
        """

    def work(self, size: Size, stylization: Stylization, library: FastLibrary) -> float:
        """How much there is to compute, in any unit that grows with the time it takes."""

    def stroke_share(self, size: Size, stylization: Stylization) -> float | None:
        """How broad the broadest strokes will be, as a share of the long side, 0..1, or None where only the painting knows."""

    def seconds_per_work(self, machine: Machine) -> float | None:
        """A guess for a machine that has not painted yet, or None where there is nothing to go by."""

    def begin(
        self,
        engine: Engine,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        size: Size,
        stylization: Stylization,
        observer: Observer,
    ) -> Session:
        """A painting of ``content`` at ``size``. Arrays are (H, W, 3), sRGB-encoded; ``content`` is the session's own from now on.

        ``styles`` are read each when it is asked for. What is missing is fetched, of which ``observer`` is told. Raises
        :class:`Cancelled` and what fetching and reading raise.
        """
