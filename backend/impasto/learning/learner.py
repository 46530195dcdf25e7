"""Learning styles from paintings. Imports torch.

Whoever calls :func:`learn` again with the same paintings, training and checkpoint folder goes on where the last call was stopped,
to the same weights as if nothing had stopped it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from .. import images
from ..engine.checkpoint import Checkpoint
from ..engine.engine import Engine
from ..engine.networks import open_network
from ..errors import BadPicture, BadStyleFile
from ..models import FastHeader, FastStyle, StyleLibrary, fast, predictor
from ..models.styles import OWN_LICENCE
from ..observer import Observer
from ..paths import shipped
from ..settings import Settings
from ..sizes import fit
from ..style.mixing import EMBEDDINGS_PER_STYLE, IDENTITY_EMBEDDING, embedding_indices
from ..style.noise import NOISE
from ..style.scales import resize, size_of
from ..style.training import Trainer, TrainingConfig, with_new_embeddings
from ..style.transformer import Network, build
from ..training import STEPS, STYLE, Training
from .photos import Photos
from .processes import is_first, join
from .session import TrainingSession

PAINTING_SIDE, MIN_SIDE = 2048, 128
"""Px: what is ever looked at of a painting, and what has no strokes that could be learnt."""

FLAT = 0.01
"""Standard deviation of sRGB 0..1 below which a picture is of one colour."""

Kept = TypeVar("Kept")


def write_once(write: Callable[[], Kept]) -> Kept:
    """Saves without another try."""
    return write()


def learn(
    engine: Engine,
    paintings: Sequence[bytes],
    titles: Sequence[str],
    training: Training,
    observer: Observer,
    checkpoints: Path | None = None,
    *,
    photos: Path | None = None,
    run: str = "",
    save: Callable[[Callable[[], list[str]]], list[str]] = write_once,
) -> dict[str, Any]:
    """Learn ``paintings`` (files' bytes) under ``titles``, and keep them in the style library.

    ``checkpoints``: the folder where it is kept how far the training is, and from where it goes on. ``photos``: the folder of
    photographs to learn on; by default as the settings say. ``run``: a name for this training alone; one that was killed after its
    styles had come into the library is not done again. ``save`` calls what writes the styles, again where the disk was full. To
    finish early keeps what has been learnt by then.

    Returns the new styles' ids, steps, finished_early, and quality by id: the style's distance over held-out photographs, painted
    and as they were ("style", "before"), and the content's ("content"). Of several processes all but the first answer nothing.
    Raises :class:`BadPicture` for what cannot be learnt, before the first step; what decoding and fetching raise; and
    :class:`Cancelled` or whatever the observer raises.
    """
    observer.phase("preparing")
    observer.device(engine.describe())
    library = engine.styles
    if run and (done := _kept_before(library, run)):
        return done
    pictures = [_painting(one, title, engine.settings) for one, title in zip(paintings, titles, strict=True)]
    config, crops = config_of(training, len(titles)), read_photos(photos, engine.settings, observer)
    encoder, _ = engine.encoder(predictor.ENCODER, observer)
    observer.phase("preparing")
    network, base = _network(training, len(titles), engine)
    device = engine.device
    tensors = [one.to(device.torch_device) for one in pictures]
    trainer = Trainer(network, encoder, tensors, config, training.learn == STYLE, join(device.torch_device), device.dtype)
    checkpoint = None
    if checkpoints is not None:
        key = {"order": _fingerprint(training, paintings)}
        checkpoint = Checkpoint(checkpoints, key, engine.settings.checkpoint_s, observer)
    session = TrainingSession(trainer, crops, len(titles), engine.settings.preview_interval_s, observer, checkpoint)
    session.resume()
    observer.phase("learning")
    session.learn()
    if not is_first():
        return {}
    observer.phase("saving")
    quality = session.quality()

    def keep() -> list[str]:
        half = _kept_before(library, run) if run else None  # a disk that was full half-way
        return half["styles"] if half else _keep(library, trainer, titles, paintings, training, crops, quality, base, run)

    kept = save(keep)
    if checkpoint:
        checkpoint.drop()
    observer.device(engine.describe())
    early = trainer.done < config.steps
    return {"styles": kept, "steps": trainer.done, "finished_early": early, "quality": dict(zip(kept, quality, strict=True))}


def config_of(training: Training, paintings: int) -> TrainingConfig:
    """What the engine is told for an order, its zeros filled in."""
    style, plain = training.learn == STYLE, TrainingConfig()
    return TrainingConfig(
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


def read_photos(folder: Path | None, settings: Settings, observer: Observer) -> Photos:
    """The photographs to train on: those of ``folder``, else of the one that ``settings`` name, else the few that ship."""
    if folder is None:
        folder = Path(settings.photos_dir).expanduser() if settings.photos_dir else shipped("photos")
    if not folder.is_dir():
        raise BadPicture(
            f"There is no folder of photographs called {folder.name}.",
            field="photos",
            hint="The setting photos_dir names it; empty, it is the photographs that ship.",
        )
    return Photos(folder, on_read=lambda *_: observer.check())


def _painting(data: bytes, title: str, settings: Settings) -> Tensor:
    """(1, 3, H, W). Raises :class:`BadPicture` for one that nothing can be learnt from."""
    picture = images.decode(data, images.Limits.of(settings))
    if min(picture.width, picture.height) < MIN_SIDE:
        raise BadPicture(
            f"'{title}' is {picture.width} x {picture.height} px, too small to show its strokes.",
            field="picture",
            hint=f"Both sides need at least {MIN_SIDE} px; 600 and more serve better.",
        )
    tensor = torch.from_numpy(np.ascontiguousarray(images.filled(picture))).permute(2, 0, 1)[None].clamp(0, 1)
    if float(tensor.std((2, 3)).max()) < FLAT:
        raise BadPicture(f"'{title}' is of one colour, so there is nothing to learn.", field="picture")
    return resize(tensor, fit(size_of(tensor), min(PAINTING_SIDE, max(tensor.shape)))).clamp(0, 1)


def _network(training: Training, paintings: int, engine: Engine) -> tuple[Network, str]:
    """The network to train, and the digest of the base that stays as it is ("" where all is trained anew)."""
    if training.learn != STYLE:
        torch.manual_seed(training.seed)
        network = build(training.network, IDENTITY_EMBEDDING + 1 + EMBEDDINGS_PER_STYLE * paintings)
        network.noise = NOISE
        return network.to(engine.device.torch_device), ""
    for file, header in engine.fast_styles.files():
        known = [style.rows for style in header.styles if len(style.rows) == EMBEDDINGS_PER_STYLE]
        if header.whole and header.identity and known:
            return with_new_embeddings(open_network(file), known, paintings).to(engine.device.torch_device), header.base
    raise BadStyleFile("There is no network that a style could be added to.", hint="Train one: --learn network.")


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
    arrays = {name: value.cpu().numpy() for name, value in trainer.averaged().items() if not base or fast.is_embedding(name)}
    texts = [title[: fast.MAX_TEXT_LENGTH] for title in titles]
    styles = tuple(FastStyle(f"learnt-{n}", text, "", "", OWN_LICENCE, embedding_indices(n)) for n, text in enumerate(texts))
    record = {
        "steps": trainer.done,
        "order": training.to_dict(),
        "recipe": dataclasses.asdict(trainer.config),
        "encoder": predictor.ENCODER,
        "photographs": len(photos),
        "torch": str(torch.__version__),
        **({"run": run} if run else {}),
    }
    header = FastHeader(
        trainer.network.spec,
        trainer.network.embeddings,
        styles,
        record,
        noise=trainer.network.noise,
        base=base,
        quality={style.id: dict(one) for style, one in zip(styles, quality, strict=True)},
    )
    return [style.id for style in library.learn(header, arrays, {style.id: one for style, one in zip(styles, data, strict=True)})]


def _kept_before(library: StyleLibrary, run: str) -> dict[str, Any] | None:
    """What a training that was killed before it could say so has left in the library; what it left half-done is removed."""
    for file, header in library.fast.files():
        if header.training.get("run") != run:
            continue
        ids, known = [style.id for style in header.styles], {style.id for style in library.styles()}
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
