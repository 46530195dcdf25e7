"""What a job is, as everybody but the store sees it."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..methods.choice import Plan

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
ENDED = (DONE, FAILED, CANCELLED)

LANES = {"stylize": "device", "train": "training", "pull": "download"}
"""Kind of job -> the queue it waits in. Each lane has a worker of its own, so no painting waits for a download or a training."""

QUICK = "quick"
"""The lane of those paintings that :attr:`impasto.methods.choice.Plan.quick` says take seconds: they wait for each other alone."""


PAUSABLE = (LANES["stylize"], LANES["train"])
"""The lanes that rest while the queue is paused: those of long work."""


def lane_of(kind: str, plan: Plan | None) -> str:
    """The lane of a job, of which ``plan`` is known where it is a stylization. Raises ``KeyError`` for a kind that there is not."""
    return QUICK if plan is not None and plan.quick else LANES[kind]


JOB_ID = re.compile(r"[0-9a-f]{16}")


def new_id() -> str:
    """A fresh id: 16 hexadecimal digits that nobody can guess."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class Submission:
    """A request for a job.

    ``inputs``: file name -> bytes, written to the job's folder (for "stylize": ``content``, and ``style-0``, ``style-1``...
    by the position in ``parameters["style"]``; a style without a file is looked up in the style library; for "train":
    ``picture-0``, ``picture-1``... by the position in ``parameters["name"]``).
    ``output``: for "stylize" ``format`` (default: the content's) and ``quality`` (default 95).
    ``title``: what it is for people, such as the names of its styles.
    ``idempotency_key``: the same key again returns the job that exists; empty for none.
    ``lease_s``: it is cancelled when nobody has asked about it for so many seconds; 0: it is not.
    ``lasting``: accepted when it is on the disk. Otherwise a pulled plug may lose it: for a client that waits and has no name to
    ask for it by, with whom the job ends anyway.
    """

    kind: str
    parameters: dict[str, Any]
    inputs: dict[str, bytes] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    idempotency_key: str = ""
    lease_s: float = 0.0
    lasting: bool = True


@dataclass(frozen=True)
class Job:
    """A job as it stood at one moment. Times are Unix seconds, durations seconds, sizes px."""

    id: str
    kind: str
    state: str
    title: str = ""
    """What it is for people: the names of its styles, of the paintings to learn, of the model."""
    phase: str = ""
    """waiting, starting, fetching weights, preparing, painting, learning, saving, paused; the state's name once it has ended."""
    position: int | None = None
    """Place in the queue: 1 is next, 0 is running, None has ended."""
    waiting_for: dict[str, str] | None = None
    """Of a job that waits: ``id``, ``kind`` and ``title`` of the one that has to end first, or else of the next one before it."""
    step: int = 0
    total: int = 0
    fraction: float = 0.0
    eta: float | None = None
    """Until this job is done; None where nothing can be said yet."""
    elapsed: float = 0.0
    losses: dict[str, float] = field(default_factory=dict)
    scale: int = 0
    scales: int = 0
    width: int = 0
    height: int = 0
    skipped: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    """Of the download that the job waits for or is."""
    preview: int = 0
    """Number of the newest preview; 0 before the first."""
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    expires: float | None = None
    attempts: int = 0
    version: int = 0
    """Grows with every change, a change of position included."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)
