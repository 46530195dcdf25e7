"""Files and folders put in place together: all of them, or none, and whatever was there before stays until then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

NEW, OLD = "new", "old"


@contextmanager
def replaced(targets: list[Path]) -> Iterator[Mapping[Path, Path]]:
    """Give a name beside each of ``targets`` to make its successor under; where the block ends well, these take their places.

    A target whose successor was not made is removed. Where the block or a renaming fails, everything is as it was. Raises OSError.
    """
    for target in targets:
        recover(target)
    made = {target: _beside(target, NEW) for target in targets}
    try:
        yield made
        _swap(made)
    finally:
        for target in targets:
            for left in (made[target], _beside(target, OLD)):
                _remove(left)


def recover(target: Path) -> None:
    """Put right what a process left that was killed in the middle: what was there before comes back, the rest goes."""
    for left in target.parent.glob(f".{target.name}.*.{OLD}"):
        if not os.path.lexists(target):
            left.rename(target)
    for ending in (OLD, NEW):
        for left in target.parent.glob(f".{target.name}.*.{ending}"):
            _remove(left)


def _swap(made: Mapping[Path, Path]) -> None:
    undo: list[Callable[[], object]] = []
    try:
        for target, successor in made.items():
            old = _beside(target, OLD)
            if target.is_file() and os.path.lexists(successor):  # in one move: a reader finds the old or the new file
                shutil.copy2(target, old)
                undo.append(partial(old.replace, target))
                successor.replace(target)
                continue
            if os.path.lexists(target):
                target.rename(old)
                undo.append(partial(old.rename, target))
            if os.path.lexists(successor):
                successor.rename(target)
                undo.append(partial(target.rename, successor))
    except OSError:
        for step in reversed(undo):
            step()
        raise


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.{ending}")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
