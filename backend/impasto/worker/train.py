"""Learning styles from paintings: what a worker does for a training, and ``impasto train`` without a daemon. Imports torch.

A folder holds one training: its paintings (``picture-0``...), its checkpoint, its preview. Whoever calls :func:`run_train` on the
same folder again goes on where the last one was stopped, to the same weights as if nothing had stopped it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..disk import write_whole
from ..errors import BadPicture, BadStyleFile
from ..models import FastHeader, FastStyle, StyleLibrary, fast
from ..models.fast_library import FastLibrary
from ..models.styles import OWN_LICENCE
from ..paths import Paths, shipped
from ..settings import Settings
from ..style.feedforward import MARGIN
from ..style.mixing import IDENTITY, ROWS, USUAL, mix_of, rows_of
from ..style.scales import fit, resize, trim, widen
from ..style.training import Recipe, Trainer, with_new_rows
from ..style.transformer import Network, build
from ..task import PREVIEW, painting_file
from ..training import STEPS, STYLE, Training
from .checkpoint import Checkpoint
from .control import Control
from .easel import Easel
from .fast import as_array, open_network
from .photos import Crops, Photos
from .room import when_there_is_room
from .together import is_first, join, local_device

ENCODER = "vgg16"
"""The recipe was balanced with it, and the network that ships was trained by it."""

SHOWN_EVERY_S = 10.0
"""Previews are a sheet of paintings, which takes a while; they come no faster than this."""

SHOWN_SIDE, SHOWN_PHOTOS, SHOWN_STYLES = 256, 3, 4
"""Of a preview: the photographs' side in px, and how many there are, painted in how many of the styles at most."""

PAINTING_SIDE, SMALLEST_SIDE = 2048, 128
"""Px: what is ever looked at of a painting, and what has no strokes that could be learnt."""

FLAT = 0.01
"""Standard deviation of sRGB 0..1 below which a picture is of one colour."""

Report = Callable[..., None]


def run_train(
    folder: Path,
    training: Training,
    titles: Sequence[str],
    settings: Settings,
    report: Report,
    control: Control,
    easel: Easel | None = None,
    *,
    run: str = "",
) -> dict[str, Any]:
    """Learn ``folder/picture-0``, ``picture-1``... under ``titles``, and keep them in the style library.

    ``report`` and ``control`` as in :func:`impasto.worker.stylize.run_stylize`. ``run``: a name for this training alone; one that
    was killed after its styles had come into the library is not done again. To finish early keeps what has been learnt by then.
    Answers the new styles' ids, steps, finished_early, and quality by id: the style's distance over held-out photographs, painted
    and as they were ("style", "before"), and the content's ("content"). Of several processes all but the first answer nothing.
    Raises :class:`BadPicture` for what cannot be learnt, before the first step; what decoding and fetching raise; and
    :class:`Cancelled`.
    """
    report("phase", phase="preparing")
    easel = easel or Easel(dataclasses.replace(settings, device=local_device(settings.device)), Paths.of(settings))
    report("device", **easel.describe())
    library = StyleLibrary(easel.paths, settings)
    if run and (done := _kept_before(library, run)):
        return done
    data = [(folder / painting_file(number)).read_bytes() for number in range(len(titles))]
    paintings = [_painting(one, title, settings) for one, title in zip(data, titles, strict=True)]
    recipe, photos = recipe_of(training, len(titles)), read_photos(settings, control)
    encoder = easel.encoder(ENCODER, report, lambda: control.cancelled)
    report("phase", phase="preparing")
    network, base = _network(training, len(titles), easel)
    trainer = Trainer(
        network,
        encoder,
        [one.to(easel.device.torch) for one in paintings],
        recipe,
        training.learn == STYLE,
        join(easel.device.torch),
        easel.device.dtype,
    )
    checkpoint = Checkpoint(folder, {"order": _fingerprint(training, data)}, settings.checkpoint_s, report)
    session = _Session(folder, trainer, photos, titles, settings, report, control, checkpoint)
    session.resume()
    report("phase", phase="learning")
    session.learn()
    if not is_first():
        return {}
    report("phase", phase="saving")
    quality = session.quality()

    def keep() -> list[str]:
        half = _kept_before(library, run) if run else None  # a disk that was full half-way
        return half["styles"] if half else _keep(library, trainer, titles, data, training, photos, quality, base, run)

    kept = when_there_is_room(keep, report, control)
    checkpoint.drop()
    report("device", **easel.describe())
    return {
        "styles": kept,
        "steps": trainer.done,
        "finished_early": trainer.done < recipe.steps,
        "quality": dict(zip(kept, quality, strict=True)),
    }


def recipe_of(training: Training, paintings: int) -> Recipe:
    """What the engine is told for an order, its zeros filled in."""
    style, plain = training.learn == STYLE, Recipe()
    return Recipe(
        steps=training.steps or STEPS[training.learn] * (paintings if style else 1),
        batch=training.batch or (1 if style else 4),
        side=training.side or (256 if style else 128),
        style_sides=(training.stroke, training.stroke // 2, training.stroke // 4),
        learning_rate=training.learning_rate or (1e-2 if style else 2e-3),
        warm_up=20 if style else plain.warm_up,
        average=0.98 if style else plain.average,
        content_weight=plain.content_weight * training.content_weight,
        tv_weight=plain.tv_weight * training.tv_weight,
        seed=training.seed,
    )


def read_photos(settings: Settings, control: Control) -> Photos:
    """The photographs to train on: the folder that ``settings`` name, or the few that ship."""
    folder = Path(settings.photos_dir).expanduser() if settings.photos_dir else shipped("photos")
    if not folder.is_dir():
        raise BadPicture(
            f"There is no folder of photographs called {folder.name}.",
            field="photos",
            hint="The setting photos_dir names it; empty, it is the photographs that ship.",
        )
    return Photos(folder, saw=lambda *_: control.check())


def _painting(data: bytes, title: str, settings: Settings) -> Tensor:
    """(1, 3, H, W). Raises :class:`BadPicture` for one that nothing can be learnt from."""
    picture = images.decode(data, images.Limits.of(settings))
    if min(picture.width, picture.height) < SMALLEST_SIDE:
        raise BadPicture(
            f"'{title}' is {picture.width} x {picture.height} px, too small to show its strokes.",
            field="picture",
            hint=f"Both sides need at least {SMALLEST_SIDE} px; 600 and more serve better.",
        )
    tensor = torch.from_numpy(np.ascontiguousarray(images.filled(picture))).permute(2, 0, 1)[None].clamp(0, 1)
    if float(tensor.std((2, 3)).max()) < FLAT:
        raise BadPicture(f"'{title}' is of one colour, so there is nothing to learn.", field="picture")
    return resize(tensor, fit(tensor.shape[-2:], min(PAINTING_SIDE, max(tensor.shape)))).clamp(0, 1)


def _network(training: Training, paintings: int, easel: Easel) -> tuple[Network, str]:
    """The network to train, and the digest of the base that stays as it is ("" where all is trained anew)."""
    if training.learn != STYLE:
        torch.manual_seed(training.seed)
        return build(training.network, IDENTITY + 1 + ROWS * paintings).to(easel.device.torch), ""
    for file, header in FastLibrary(easel.paths).files():
        known = [style.rows for style in header.styles if len(style.rows) == ROWS]
        if header.whole and header.identity and known:
            return with_new_rows(open_network(file), known, paintings).to(easel.device.torch), header.base
    raise BadStyleFile("There is no network that a style could be added to.", hint="Train one: --learn network.")


class _Session:
    """A trainer at work: photographs in, progress and checkpoints out."""

    def __init__(
        self,
        folder: Path,
        trainer: Trainer,
        photos: Photos,
        titles: Sequence[str],
        settings: Settings,
        report: Report,
        control: Control,
        checkpoint: Checkpoint,
    ) -> None:
        self._folder, self._trainer, self._photos, self._titles = folder, trainer, photos, titles
        self._settings, self._report, self._control, self._checkpoint = settings, report, control, checkpoint
        self._device = trainer.mean[0].device

    def resume(self) -> None:
        """Go on from the folder's checkpoint, where there is one of the same order."""
        if state := self._checkpoint.load(self._device):
            self._trainer.restore(state)
            self._report("note", text=f"Gone on from step {self._trainer.done}.")

    def learn(self) -> None:
        """Step until the end or until told to stop."""
        trainer, recipe = self._trainer, self._trainer.recipe
        shown = time.monotonic()
        with Crops(self._photos, recipe, trainer.done, trainer.together) as crops:
            while trainer.done < recipe.steps and not self._told_to_finish():
                losses = trainer.step(next(crops).to(self._device))
                self._report(
                    "progress",
                    step=trainer.done,
                    total=recipe.steps,
                    fraction=trainer.done / recipe.steps,
                    losses={name: value for name, value in losses.items() if np.isfinite(value)},
                )
                if not is_first():
                    continue
                if self._checkpoint.due():
                    self._checkpoint.save(trainer.state())
                if time.monotonic() - shown >= max(self._settings.preview_interval_s, SHOWN_EVERY_S):
                    shown = self._show()
        if is_first():
            self._show()

    def _told_to_finish(self) -> bool:
        try:
            self._control.check()
        except BaseException:
            if is_first():  # impasto train goes on from here; a cancelled job's folder goes anyway
                self._checkpoint.save(self._trainer.state())
            raise
        return self._control.finishing and self._trainer.done > 0

    def _show(self) -> float:
        """A sheet: photographs that are not trained on where there are any; below, in the new styles."""
        network = self._trainer.result()
        photos = self._seen(SHOWN_PHOTOS, SHOWN_SIDE)
        rows = [photos]
        with torch.inference_mode():
            for number in range(min(SHOWN_STYLES, len(self._titles))):
                mix = mix_of(network.rows, [rows_of(number)], [1.0], USUAL, USUAL).to(photos)
                rows.append(trim(network(widen(photos, MARGIN), mix.expand(len(photos), -1)), MARGIN).clamp(0, 1))
        sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
        try:
            write_whole(self._folder / PREVIEW, images.to_png8(as_array(sheet[None])), lasting=False)
        except OSError:
            return time.monotonic()  # the disk is full, or (Windows) somebody is reading the last one
        self._report("preview")
        return time.monotonic()

    def quality(self) -> list[dict[str, float]]:
        """Of each style, in their order; see :func:`run_train`."""
        seen, found = self._seen(8, SHOWN_SIDE), []
        for number in range(len(self._titles)):
            usual = self._trainer.recipe.usual(number)
            each = [{**self._trainer.assess(one[None], usual), "before": self._trainer.unstyled(one[None], usual)} for one in seen]
            found.append({name: round(float(np.mean([one[name] for one in each])), 4) for name in ("style", "before", "content")})
        return found

    def _seen(self, count: int, side: int) -> Tensor:
        """(count, 3, side, side): squares of photographs that are held out, or of any where there are too few to hold out."""
        held = self._photos.validation(side)[:count] if self._photos.held_out else self._photos.draw(0, count, side, seed=-1)
        return held.to(self._device)


def _keep(
    library: StyleLibrary,
    trainer: Trainer,
    titles: Sequence[str],
    data: Sequence[bytes],
    training: Training,
    photos: Photos,
    quality: Sequence[Mapping[str, float]],
    base: str,
    run: str,
) -> list[str]:
    """Put the styles into the library, with what they were learnt from; their ids there."""
    arrays = {name: value.cpu().numpy() for name, value in trainer.averaged().items() if not base or fast.is_row(name)}
    styles = tuple(
        FastStyle(f"learnt-{n}", title[: fast.MOST_TEXT], "", "", OWN_LICENCE, rows_of(n)) for n, title in enumerate(titles)
    )
    told = {
        "steps": trainer.done,
        "order": training.to_dict(),
        "recipe": dataclasses.asdict(trainer.recipe),
        "encoder": ENCODER,
        "photographs": len(photos),
        "torch": str(torch.__version__),
        **({"run": run} if run else {}),
    }
    header = FastHeader(
        trainer.network.spec,
        trainer.network.rows,
        styles,
        told,
        base=base,
        quality={style.id: dict(one) for style, one in zip(styles, quality, strict=True)},
    )
    return [style.id for style in library.learn(header, arrays, {style.id: one for style, one in zip(styles, data, strict=True)})]


def _kept_before(library: StyleLibrary, run: str) -> dict[str, Any] | None:
    """What a training that was killed before it could say so has left in the library; what it left half-done is removed."""
    for file, header in library.fast.files():
        if header.training.get("run") != run:
            continue
        ids, known = [style.id for style in header.styles], {style.id for style in library.list()}
        if known.issuperset(ids):
            steps, asked = header.training["steps"], header.training["recipe"]["steps"]
            return {"styles": ids, "steps": steps, "finished_early": steps < asked, "quality": header.quality}
        file.unlink(missing_ok=True)
    return None


def _fingerprint(training: Training, data: Sequence[bytes]) -> str:
    digest = hashlib.sha256(json.dumps(training.to_dict(), sort_keys=True).encode())
    for one in data:
        digest.update(hashlib.sha256(one).digest())
    return digest.hexdigest()
