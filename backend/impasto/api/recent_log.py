"""The latest warnings and errors of the log, for the report that goes along with a question."""

from __future__ import annotations

import logging
import time
from collections import deque

MAX_LINES = 30
MAX_LINE_LENGTH = 300


class RecentLogHandler(logging.Handler):
    """Keeps the last lines in memory: what was said, and an exception's kind, but no traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[dict[str, str]] = deque(maxlen=MAX_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep ``record``."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            text += f" ({record.exc_info[0].__name__})"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        self._lines.append({"at": at, "level": record.levelname.lower(), "logger": record.name, "text": text[:MAX_LINE_LENGTH]})

    def lines(self) -> list[dict[str, str]]:
        """The newest last."""
        return list(self._lines)
