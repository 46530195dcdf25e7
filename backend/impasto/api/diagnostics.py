"""The report that a user can send along with a question: what runs here, without who runs it."""

from __future__ import annotations

import contextlib
import getpass
import platform
from collections import Counter
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import __version__
from ..settings import Settings
from .services import Services

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "imagecodecs", "tifffile", "flask", "waitress")

PRIVATE = ("token", "host", "allowed_hosts", "allowed_origins", "data_dir", "weights_dir", "drop_in_dir", "mirrors")
"""Settings of which the report says only whether they were changed."""

COUNTED_JOBS = 500


def report(parts: Services) -> dict[str, Any]:
    """Versions, system, device, weights, settings and the latest failures, with names of users, folders and hosts removed."""
    recent = parts.manager.list(limit=COUNTED_JOBS, state=None)
    failures = [{"kind": job.kind, "code": (job.error or {}).get("code", "")} for job in recent if job.state == "failed"]
    told = {
        "impasto": __version__,
        "python": platform.python_version(),
        "system": {"name": platform.system(), "release": platform.release(), "machine": platform.machine()},
        "packages": {name: _version(name) for name in PACKAGES},
        "device": parts.manager.device(),
        "models": {model.id: parts.store.status(model.id) for model in parts.store.catalogue.models()},
        "settings": _settings(parts.settings),
        "jobs": dict(Counter(job.state for job in recent)),
        "failures": failures[:10],
        "waiting_places": parts.room.places,
    }
    return _scrubbed(told, _private_words(parts))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def _settings(settings: Settings) -> dict[str, Any]:
    default, told = Settings().to_dict(), settings.to_dict()
    return {key: ("changed" if value != default[key] else "default") if key in PRIVATE else value for key, value in told.items()}


def _private_words(parts: Services) -> dict[str, str]:
    words = {str(parts.paths.runtime): "<runtime>", str(parts.paths.drop_in): "<drop-in>", str(parts.paths.weights): "<weights>",
             str(parts.paths.data): "<data>", str(Path.home()): "<home>", parts.token: "<token>", platform.node(): "<machine>"}
    with contextlib.suppress(OSError, KeyError, ImportError):  # no user name to be had, none to hide
        words[getpass.getuser()] = "<user>"
    return {word: name for word, name in words.items() if len(word) > 2}


def _scrubbed(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _scrubbed(inner, words) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(inner, words) for inner in value]
    if isinstance(value, str):
        for word in sorted(words, key=len, reverse=True):
            value = value.replace(word, words[word])
    return value
