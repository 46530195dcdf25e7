"""Photographs to train on: read once, kept small in memory, cut anew for every step."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .. import images
from ..errors import BadPicture, ImpastoError
from ..formats import image_extensions
from ..style.training import SINGLE_PROCESS, ProcessGroup, TrainingConfig

HELD_OUT = 20
"""Photographs that are never trained on, so that figures can be compared over time."""

MIN_PHOTOS = 16
"""Photographs to train on, below which a network would learn them by heart."""

CROP_THREADS = 4
"""Threads that cut; Pillow lets go of the interpreter while it resizes."""

KEPT_SIDE = 320
"""Short side, px, that photographs are shrunk to in memory; crops are cut from this."""


class Photos:
    """The photographs of a folder, all in memory as uint8."""

    def __init__(
        self, folder: Path, seed: int = 0, kept_side: int = KEPT_SIDE, on_read: Callable[[int, int], None] = lambda *_: None
    ) -> None:
        """Read them all; ``on_read(done, total)`` is called after each. Files that are no pictures are counted in ``unreadable``.

        Raises :class:`BadPicture` where fewer than :data:`MIN_PHOTOS` are left to train on.
        """
        files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in image_extensions() and file.is_file())
        held = set(random.Random(seed).sample(range(len(files)), HELD_OUT)) if len(files) >= 4 * HELD_OUT else set()
        self.held_out = [files[i] for i in sorted(held)]
        self.unreadable: list[str] = []
        self._pictures: list[np.ndarray] = []
        used = [file for i, file in enumerate(files) if i not in held]
        for done, file in enumerate(used):
            try:
                self._pictures.append(_small(file, kept_side))
            except (OSError, ValueError, Image.DecompressionBombError, ImpastoError):
                self.unreadable.append(file.name)
            on_read(done + 1, len(used))
        if len(self._pictures) < MIN_PHOTOS:
            raise BadPicture(
                f"{folder.name} has {len(self._pictures)} photographs that can be read.",
                field="photos",
                hint=f"Training needs at least {MIN_PHOTOS}; some hundreds of varied ones serve better.",
            )

    def __len__(self) -> int:
        return len(self._pictures)

    def draw(self, step: int, count: int, side: int, seed: int = 0) -> Tensor:
        """(count, 3, side, side), sRGB 0..1: the crops of one step, the same whenever they are asked for."""
        chance = random.Random(f"{seed}/{step}")
        crops = [self._crop(self._pictures[chance.randrange(len(self))], side, chance) for _ in range(count)]
        return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float().div_(255)

    def validation(self, side: int) -> Tensor:
        """(N, 3, side, side): the middle square of each photograph that is held out."""
        squares = []
        for file in self.held_out:
            picture = Image.fromarray(_small(file, side))
            left, top = (picture.width - min(picture.size)) // 2, (picture.height - min(picture.size)) // 2
            square = picture.crop((left, top, left + min(picture.size), top + min(picture.size)))
            squares.append(np.asarray(square.resize((side, side), Image.Resampling.LANCZOS)))
        return torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2).float().div_(255)

    @staticmethod
    def _crop(picture: np.ndarray, side: int, chance: random.Random) -> np.ndarray:
        """A square of a third to all of the short side, at ``side`` px, mirrored now and then.

        Small ones stand for large pictures, in which an edge is as sharp as here but far from the next one.
        """
        height, width = picture.shape[:2]
        short = min(height, width)
        cut = round(short * chance.uniform(0.33, 1.0))
        top, left = chance.randint(0, height - cut), chance.randint(0, width - cut)
        square = Image.fromarray(picture[top : top + cut, left : left + cut])
        square = square.resize((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0)
        return np.asarray(ImageOps.mirror(square) if chance.random() < 0.5 else square)


class Crops(Iterator[Tensor]):
    """The crops of one step after another, cut in the background so that a GPU need not wait for them."""

    def __init__(self, photos: Photos, config: TrainingConfig, first: int, group: ProcessGroup = SINGLE_PROCESS) -> None:
        """``first``: the step to begin with. Close it, or use it in ``with``."""
        self._photos, self._config, self._group = photos, config, group
        self._threads = ThreadPoolExecutor(CROP_THREADS, "crops")
        self._ahead: deque[Future[Tensor]] = deque()
        self._next = first
        for _ in range(2 * CROP_THREADS):
            self._submit()

    def _submit(self) -> None:
        draw = self._next * self._group.count + self._group.rank
        self._ahead.append(self._threads.submit(self._photos.draw, draw, self._config.batch, self._config.side, self._config.seed))
        self._next += 1

    def __next__(self) -> Tensor:
        """(batch, 3, side, side)."""
        self._submit()
        return self._ahead.popleft().result()

    def __enter__(self) -> Crops:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _small(file: Path, side: int) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            picture.draft("RGB", (side, side))
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except UnidentifiedImageError:  # what Pillow does not read by itself
        upright = Image.fromarray(np.rint(images.decode(file.read_bytes()).rgb.clip(0, 1) * 255).astype(np.uint8))
    factor = side / min(upright.size)
    if factor < 1:
        upright = upright.resize(
            (max(side, round(upright.width * factor)), max(side, round(upright.height * factor))), Image.Resampling.LANCZOS
        )
    if min(upright.size) < 64:
        raise ValueError("too small")
    return np.asarray(upright)
