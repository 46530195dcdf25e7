"""``impasto demo``, which is what ``make run`` runs: a daemon, a picture, a painting by way of HTTP."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..api.runtime import Daemon, find_daemon
from ..errors import BadPicture, DaemonNotRunning, DiskFull
from ..paths import Paths, bundled
from ..settings import Settings
from .client import Client
from .configuration import Configuration, settings_of
from .progress import ProgressLine
from .progress_watcher import ProgressWatcher

EXAMPLE = "moraine-lake.jpg"
STYLE = "starry-night"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.1


@click.command()
@click.argument("content", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--style", default=STYLE, show_default=True, help="A style's id, or a picture's file.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for the painting and for the daemon's log.",
)
@click.option("--stay/--no-stay", default=None, help="Keep the daemon running afterwards until Ctrl-C. [default: on a terminal]")
@click.pass_context
def demo(context: click.Context, content: Path | None, style: str, out: Path, stay: bool | None) -> None:
    """Start a daemon and let it paint the example.

    Or let it paint CONTENT. Uses the daemon that runs, if one does.
    """
    settings = settings_of(context)
    content = content or example()
    folder = _make_folder(out)
    configuration = context.find_object(Configuration) or Configuration()
    with _exit_on_signals(), _daemon(configuration, Paths.of(settings), folder / "daemon.log") as (found, process):
        _paint(settings, found, content, style, folder)
        stays = stay if stay is not None else sys.stdin.isatty() and sys.stdout.isatty()
        if process and stays:
            from .serve import greeting

            click.echo("\n" + greeting(found.url))
            process.wait()


def example() -> Path:
    """The example picture, in a checkout or in an installed wheel."""
    return bundled("examples", EXAMPLE)


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DiskFull(f"The folder {folder} cannot be made: {error.strerror}.") from None
    return folder


def _paint(settings: Settings, found: Daemon, content: Path, style: str, folder: Path) -> None:
    from . import output, remote, stylize_request

    if not content.is_file():
        raise BadPicture(f"There is no file {content}.", hint="Name a picture: impasto demo photo.jpg")
    click.echo(f"Painting {content.name} in the style of {Path(style).stem} through {found.url}.")
    for method, suffix in _methods(settings, style):
        target = folder / f"{content.stem}-{Path(style).stem}{suffix}.png"
        output.check_place(target, overwrite=True, sources=[content, Path(style)])
        request = stylize_request.read(str(content), [style], {"encoder": _encoder(settings), "method": method}, "png", settings)
        if method == "iterative":
            click.echo("Now the iterative method, which takes a minute or two. Ctrl-C stops it early and keeps the picture.")
        began = time.monotonic()
        with Client(found) as client:
            picture = remote.paint(client, request, ProgressWatcher(ProgressLine()))
        output.write_bytes(target, picture)
        click.echo(f"The picture is {target}. It took {time.monotonic() - began:.1f} s.")


def _methods(settings: Settings, style: str) -> list[tuple[str, str]]:
    """The methods to show, and what each adds to the file's name: something to look at first, then the best there is."""
    from ..models import FastLibrary

    learnt = not Path(style).is_file() and style in FastLibrary(Paths.of(settings), settings).ids()
    return [*([("fast", "-fast")] if learnt else []), ("iterative", "")]


def _encoder(settings: Settings) -> str:
    """The best encoder present; on a new machine the one with the small download, not the best and its 575 MB."""
    from ..models import Catalogue, ModelStore

    catalogue = Catalogue.load()
    store = ModelStore(catalogue, Paths.of(settings), settings)
    present = any(store.status(model.id) == "present" for model in catalogue.models())
    return "auto" if present else min(catalogue.models(), key=lambda model: model.sources[0].size).id


@contextmanager
def _daemon(configuration: Configuration, paths: Paths, log: Path) -> Iterator[tuple[Daemon, subprocess.Popen[bytes] | None]]:
    """The running daemon, or one that is started here and ended in the end, whatever happens in between."""
    found = find_daemon(paths)
    if found:
        yield found, None
        return
    named = ["--config", str(configuration.named)] if configuration.named else []
    command = [sys.executable, "-m", "impasto.cli", *named, "serve"]
    with log.open("wb") as written:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, **_new_group())
        try:
            yield _wait_until_ready(process, paths, log), process
        finally:
            _terminate(process)


def _new_group() -> dict[str, Any]:
    """Ctrl-C is for this process, which ends the daemon itself: the first one only stops the painting."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


@contextmanager
def _exit_on_signals() -> Iterator[None]:
    """A signal to end, or the end of the terminal, raises :class:`SystemExit`, so that ``finally`` still stops the daemon."""

    def leave(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.signal(number, leave) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait_until_ready(process: subprocess.Popen[bytes], paths: Paths, log: Path) -> Daemon:
    """The daemon as soon as it answers. Raises :class:`DaemonNotRunning` with its own last words where it does not."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        found = find_daemon(paths)
        if found:
            return found
        time.sleep(POLL_S)
    words = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    said = next((line for line in words if line.startswith("error: ")), words[-1] if words else "").removeprefix("error: ")
    raise DaemonNotRunning(f"The daemon did not start. {said}".strip(), hint=f"{log} has all it said; or run: impasto serve")


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
