"""Jobs: accepted, kept, queued, carried out by worker processes. The daemon's side imports no torch."""

from __future__ import annotations

from .job import Job, Submission
from .manager import JobManager

__all__ = ["Job", "JobManager", "Submission"]
