"""Waiting for something slow without becoming deaf: the asker stays in charge of when to give up."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

from ..errors import Cancelled

T = TypeVar("T")

Stop = Callable[[], bool]
"""Asked now and then; true once the caller has lost interest."""

POLL = 0.2
"""Seconds between two looks at whether the caller has lost interest."""

_END = object()


def in_background(items: Iterator[T], cancelled: Stop, ahead: int = 8) -> Iterator[T]:
    """Yield what ``items`` yields, computed in a thread of its own, at most ``ahead`` of the caller.

    A read from a silent network cannot be interrupted, but the wait for it can: :class:`Cancelled` is raised within
    :data:`POLL` seconds of ``cancelled()`` turning true. The thread then ends at its next item, or with its own timeout.
    """
    waiting: queue.Queue[object] = queue.Queue(maxsize=ahead)
    unwanted = threading.Event()

    def hand_over(item: object) -> None:
        while not unwanted.is_set():
            try:
                return waiting.put(item, timeout=POLL)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                hand_over(item)
                if unwanted.is_set():
                    return
            hand_over(_END)
        except BaseException as error:  # carried over to the caller's thread
            hand_over(error)

    threading.Thread(target=work, name="impasto-download", daemon=True).start()
    try:
        while True:
            if cancelled():
                raise Cancelled("The download was cancelled.")
            try:
                item = waiting.get(timeout=POLL)
            except queue.Empty:
                continue
            if item is _END:
                return
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]  # the queue holds items, errors, and one end mark
    finally:
        unwanted.set()
