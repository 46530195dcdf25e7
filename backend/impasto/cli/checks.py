"""What `impasto doctor` looks at. Each check returns findings; none of them changes anything or fetches anything."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from .. import __version__
from ..errors import ImpastoError
from ..paths import Paths
from ..settings import Settings
from .configuration import Configuration

OK, NOTE, PROBLEM = "ok", "note", "problem"

MIN_MEMORY, ENOUGH_MEMORY = 3e9, 6e9
"""Bytes. With less than the first even 512 px do not fit beside torch; with the second they do beside an editor."""

MIN_DISK, ENOUGH_DISK = 0.3e9, 2e9
"""Bytes. The smallest encoder's download and its converted form; the largest ones, and some results."""

MAX_FAILURES, MAX_LOG_LINES = 3, 5
"""How much of the running daemon's troubles is shown."""

PACKAGES = (
    "numpy",
    "PIL",
    "imagecodecs",
    "simplejpeg",
    "tifffile",
    "flask",
    "waitress",
    "requests",
    "yaml",
    "safetensors",
    "h5py",
    "filelock",
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: ``level`` ok, note or problem, what is so, and what to do about it."""

    topic: str
    level: str
    text: str
    do: str = ""


@dataclass(frozen=True)
class Machine:
    """What the checks look at."""

    configuration: Configuration
    settings: Settings
    paths: Paths


Check = Callable[[Machine], Iterable[Finding]]


def findings(machine: Machine) -> list[Finding]:
    """Everything, in the order in which to read it, without the names of the user and the machine, so that it can be passed on.

    A check that fails itself is a problem, not the end.
    """
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(machine)
        except ImpastoError as error:
            found.append(Finding(check.__name__.strip("_"), PROBLEM, error.message, error.hint))
        except Exception as error:
            found.append(Finding(check.__name__.strip("_"), PROBLEM, f"This could not be looked at ({type(error).__name__})."))
    return [public(finding) for finding in found]


def public(finding: Finding) -> Finding:
    """The finding with private words taken out."""
    from ..api.privacy import private_words, redacted

    return Finding(**redacted(asdict(finding), private_words()))


def _versions(machine: Machine) -> Iterator[Finding]:
    system = f"{platform.system()} {platform.machine()}"
    yield Finding("impasto", OK, f"Impasto {__version__}, Python {platform.python_version()} on {system}.")
    missing = [name for name in PACKAGES if not _importable(name)]
    if missing:
        yield Finding(
            "packages", PROBLEM, f"These do not import: {', '.join(missing)}.", "Install Impasto again, into a fresh environment."
        )


def _importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # a broken binary raises anything
        return False
    return True


def _pictures(machine: Machine) -> Iterator[Finding]:
    """Which formats are read, and what is missing for the others."""
    from ..formats import FORMATS, labels
    from ..images.codecs import lacking

    missing = {one.label: command for name, one in FORMATS.items() if (command := lacking(name))}
    yield Finding("pictures", OK, f"{labels(but=missing)} are read.")
    for label, command in missing.items():
        yield Finding("pictures", NOTE, f"{label} is not read: its library is not installed.", f"To have it: {command}")


def _configuration(machine: Machine) -> Iterator[Finding]:
    file = machine.configuration.file
    text = f"Settings come from {file}." if file else "There is no configuration file: defaults and the environment count."
    yield Finding("configuration", OK, text)


def _device(machine: Machine) -> Iterator[Finding]:
    try:
        import torch
    except Exception as error:
        yield Finding(
            "torch",
            PROBLEM,
            f"torch does not import ({type(error).__name__}).",
            "Install it again: pip install --force-reinstall torch",
        )
        return
    yield Finding("torch", OK, f"torch {torch.__version__}.")
    from ..engine import device as devices

    device = devices.choose(machine.settings).describe()
    level, do = OK, ""
    if device["device"] == "cpu":
        level, do = (
            NOTE,
            "The iterative method takes a minute or more here. With an NVIDIA card, install a torch that is built for CUDA.",
        )
    memory = device["memory_total_bytes"] / 1e9
    yield Finding(
        "device", level, f"Paints on {device['device']} ({device['name']}, {memory:.0f} GB) in {device['precision']}.", do
    )


def _vision(machine: Machine) -> Iterator[Finding]:
    try:
        version = metadata.version("torchvision")
    except metadata.PackageNotFoundError:
        yield Finding("torchvision", NOTE, "torchvision is not installed.", "Nothing: the catalogue's own addresses serve instead.")
        return
    yield Finding("torchvision", OK, f"torchvision {version}.")


def _memory(machine: Machine) -> Iterator[Finding]:
    import psutil

    memory = psutil.virtual_memory()
    text = f"{memory.available / 1e9:.1f} of {memory.total / 1e9:.1f} GB are free; {os.cpu_count() or 1} processor cores."
    if memory.available < MIN_MEMORY:
        yield Finding("memory", PROBLEM, text, "Close other programs, or paint with a smaller resolution.")
    elif memory.available < ENOUGH_MEMORY:
        yield Finding("memory", NOTE, text, "Large resolutions may not fit.")
    else:
        yield Finding("memory", OK, text)


def _folders(machine: Machine) -> Iterator[Finding]:
    paths = machine.paths
    for topic, folder in (("data folder", paths.data), ("weights folder", paths.weights), ("runtime folder", paths.runtime)):
        there = _nearest(folder)
        if not _writable(there):
            yield Finding(
                topic, PROBLEM, f"{folder} cannot be written.", "Make it writable, or name another folder in the settings."
            )
            continue
        free = shutil.disk_usage(there).free
        text = f"{folder}, {free / 1e9:.1f} GB free."
        if free < MIN_DISK:
            yield Finding(topic, PROBLEM, text, "Make room, or name a folder on another disk in the settings.")
        else:
            roomy = free >= ENOUGH_DISK
            yield Finding(topic, OK if roomy else NOTE, text, "" if roomy else "Large downloads may not fit.")


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    return next((place for place in (folder, *folder.parents) if place.exists()), Path(folder.anchor))


def _writable(folder: Path) -> bool:
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _weights(machine: Machine) -> Iterator[Finding]:
    from ..models import Catalogue, ModelStore

    store = ModelStore(Catalogue.load(), machine.paths, machine.settings)
    states = {model.id: store.status(model.id) for model in store.catalogue.models()}
    for name in (n for n, state in states.items() if state == "damaged"):
        yield Finding("weights", PROBLEM, f"{name} is damaged.", f"Fetch it again: impasto models pull {name}")
    present = [name for name, state in states.items() if state == "present"]
    if present:
        yield Finding("weights", OK, f"On this machine: {', '.join(present)}.")
    elif machine.settings.offline:
        yield Finding(
            "weights",
            PROBLEM,
            "No encoder is on this machine, and Impasto works offline.",
            f"Put a weight file into {machine.paths.drop_in}, or switch offline off.",
        )
    else:
        yield Finding(
            "weights",
            NOTE,
            "No encoder is on this machine yet.",
            "Nothing: the first painting fetches one. Or now: impasto models pull",
        )


def _networks(machine: Machine) -> Iterator[Finding]:
    from ..models import shipped_networks

    troubles = shipped_networks.troubles()
    for trouble in troubles:
        yield Finding("networks", PROBLEM, f"{trouble} Paintings that need it take much longer.", shipped_networks.ADVICE)
    if not troubles:
        yield Finding("networks", OK, "Those that ship are whole.")


def _drop_in(machine: Machine) -> Iterator[Finding]:
    folder = machine.paths.drop_in
    files = sorted(f.name for f in folder.iterdir() if f.is_file()) if folder.is_dir() else []
    yield Finding("drop-in folder", OK, f"{folder}: {', '.join(files) or 'empty'}.")


def _daemon(machine: Machine) -> Iterator[Finding]:
    from ..api.runtime import find_daemon, read
    from .daemon import not_running

    runtime, found = read(machine.paths), find_daemon(machine.paths)
    if found:
        yield Finding("daemon", OK, f"It runs at {found.url}.")
        if runtime and runtime.version != __version__:
            yield Finding(
                "daemon",
                NOTE,
                f"It is version {runtime.version}, this is {__version__}.",
                "Restart it: impasto stop, then impasto serve",
            )
    elif runtime and not runtime.secret:
        yield Finding("daemon", NOTE, not_running(machine.paths).message, not_running(machine.paths).hint)
    elif runtime:
        yield Finding(
            "daemon",
            NOTE,
            f"It does not run; one that was killed left {machine.paths.runtime_file}.",
            "Nothing: the next start replaces the file. To start it: impasto serve",
        )
    else:
        yield Finding("daemon", NOTE, "It does not run.", "Start it with: impasto serve")
    if machine.settings.port and not found:
        yield from _port(machine.settings)


def _troubles(machine: Machine) -> Iterator[Finding]:
    """What went wrong lately, as the running daemon remembers it."""
    from ..api.runtime import find_daemon
    from .client import Client

    found = find_daemon(machine.paths)
    if not found:
        return
    with Client(found) as client:
        report, paused = client.diagnostics(), client.queue()["paused"]
    if paused:
        yield Finding(
            "queue", NOTE, "It is paused: iterative paintings and trainings rest.", "To let them go on: impasto jobs resume"
        )
    for failure in report["failures"][:MAX_FAILURES]:
        yield Finding("failed job", NOTE, f"A {failure['kind']} job failed: {failure['message']} ({failure['code']})")
    if not report["failures"]:
        yield Finding("jobs", OK, f"None has failed of the last {sum(report['jobs'].values())}.")
    for line in report["log"][-MAX_LOG_LINES:]:
        yield Finding("log", NOTE, f"{line['at']} {line['text']}")


def _port(settings: Settings) -> Iterator[Finding]:
    from ..api.httpd import listen

    try:
        listen(settings).close()
    except OSError:
        yield Finding(
            "port",
            PROBLEM,
            f"Port {settings.port} on {settings.host} is taken or may not be used.",
            "Set port to 0, which takes a free one, or to another number.",
        )
    else:
        yield Finding("port", OK, f"Port {settings.port} is free.")


def _editors(machine: Machine) -> Iterator[Finding]:
    from .. import editors
    from .plugins import describe_state

    for kind in (editors.GIMP, editors.KRITA):
        found, made = editors.find(kind), editors.bundle(kind)
        for editor in found:
            state = editors.state(editor, made)
            fine = state.state == editors.CURRENT and state.switched_on is not False
            yield Finding(
                "editor", OK if fine else NOTE, f"{editor.title}: plug-in in {editor.plugins}.", describe_state(editor, state)
            )
        if not found:
            yield Finding(
                "editor",
                NOTE,
                f"{editors.TITLES[kind]} was not found.",
                f"Nothing, unless you want to paint from it. `impasto plugins install {kind}` says where it looks.",
            )


CHECKS: tuple[Check, ...] = (
    _versions,
    _pictures,
    _configuration,
    _device,
    _vision,
    _memory,
    _folders,
    _weights,
    _networks,
    _drop_in,
    _daemon,
    _troubles,
    _editors,
)
