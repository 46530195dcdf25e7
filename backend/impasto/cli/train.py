"""``impasto train``: paintings become fast styles."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import click

from ..errors import Cancelled, DiskFull, InvalidParameter
from ..paths import Paths
from ..settings import Settings
from ..training import MAX_PAINTINGS, Training
from .local import WatcherObserver, set_torch_environment
from .options import SectionedCommand, with_settings, with_training
from .progress import ProgressLine
from .progress_watcher import ProgressWatcher

LOCAL_SETTINGS = ("device", "precision", "cpu_threads", "data_dir", "weights_dir", "photos_dir", "offline")
_picture = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.command(cls=SectionedCommand)
@click.argument("paintings", nargs=-1, required=True, type=_picture, metavar="PAINTING...")
@click.option(
    "--name", "names", multiple=True, metavar="TITLE", help="A painting's title, once for each. [default: the file's name]"
)
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Photographs to train on. [default: those that ship with Impasto]",
)
@click.option(
    "--preview-to",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write each preview to this file, a PNG, replacing the one before.",
)
@with_training
@click.option("--daemon", is_flag=True, help="Let the running daemon do it; painting goes on meanwhile.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_settings(*LOCAL_SETTINGS)
def train(
    settings: Settings,
    paintings: tuple[Path, ...],
    names: tuple[str, ...],
    photos: Path | None,
    preview_to: Path | None,
    parameters: dict[str, str],
    daemon: bool,
    quiet: bool,
) -> None:
    """Learn paintings as fast styles.

    \b
    impasto train painting.jpg
    impasto train one.jpg two.jpg --learn network --photos ~/Pictures --steps 40000
    torchrun --nproc-per-node 2 -m impasto train one.jpg two.jpg --learn network --photos ~/Pictures

    Ctrl-C once stops and keeps what has been learnt; twice stops, and the same command goes on later from there.
    """
    if len(paintings) > MAX_PAINTINGS:
        raise InvalidParameter(f"There are {len(paintings)} paintings, but at most {MAX_PAINTINGS} are learnt at once.")
    if names and len(names) != len(paintings):
        raise InvalidParameter(f"There are {len(paintings)} paintings but {len(names)} names.", field="name")
    titles = list(names) or [file.stem for file in paintings]
    training, data = Training.parse(parameters), [file.read_bytes() for file in paintings]
    watcher = ProgressWatcher(ProgressLine(quiet=quiet), preview_to=preview_to)
    if daemon:
        if photos:
            raise InvalidParameter(
                "The daemon trains on its own photographs.",
                field="photos",
                hint="Its setting photos_dir names their folder. Or leave out --daemon.",
            )
        done = _through_daemon(settings, titles, data, parameters, watcher)
    else:
        settings = dataclasses.replace(settings, photos_dir=str(photos)) if photos else settings
        done = _here(settings, training, titles, data, watcher)
    for id in done.get("styles", ()):
        quality = done["quality"][id]
        click.echo(
            f"Learnt {id}: {quality['style']:.3f} from the painting's style, where photographs are {quality['before']:.3f} "
            f"from it. Try it: impasto styles preview {id}"
        )


def _through_daemon(
    settings: Settings, titles: list[str], data: list[bytes], parameters: dict[str, str], watcher: ProgressWatcher
) -> dict[str, Any]:
    from .client import Client
    from .daemon import running
    from .remote import follow

    with Client(running(Paths.of(settings))) as client, watcher.interrupts():
        job = follow(client, client.train(titles, data, parameters), watcher)
        for note in job.get("notes") or []:
            watcher.line.say(f"note: {note}")
        return job["result"]


def _here(settings: Settings, training: Training, titles: list[str], data: list[bytes], watcher: ProgressWatcher) -> dict[str, Any]:
    watcher.line.show({"phase": "starting"})
    set_torch_environment()
    from ..engine.engine import Engine
    from ..learning.learner import learn
    from ..learning.processes import local_device

    checkpoints, observer = _checkpoints(settings, training, data), WatcherObserver(watcher)
    with watcher.interrupts():
        try:
            engine = Engine(dataclasses.replace(settings, device=local_device(settings.device)))
            done = learn(engine, data, titles, training, observer, checkpoints)
        except Cancelled:
            raise Cancelled("Stopped. The same command goes on from here.") from None
        finally:
            watcher.line.close()
    for note in observer.notes:
        watcher.line.say(f"note: {note}")
    return done


def _checkpoints(settings: Settings, training: Training, data: list[bytes]) -> Path:
    """The folder of this very training, so that the same command finds its checkpoint."""
    digest = hashlib.sha256(repr(training).encode())
    for one in data:
        digest.update(hashlib.sha256(one).digest())
    folder = Paths.of(settings).data / "training" / digest.hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskFull(f"The training's folder cannot be written: {error.strerror}.") from None
    return folder
