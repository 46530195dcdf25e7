"""The report that a user can send along with a question: what runs here and what went wrong, without who runs it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections import Counter
from importlib import metadata
from typing import Any

from .. import __version__
from ..settings import Settings
from .privacy import private_words, scrubbed, without_places
from .services import Services

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "imagecodecs", "tifffile", "flask", "waitress")

PRIVATE = ("token", "host", "allowed_hosts", "allowed_origins", "data_dir", "weights_dir", "drop_in_dir", "photos_dir", "mirrors")
"""Settings of which the report says only whether they were changed."""

COUNTED_JOBS = 500
TOLD_FAILURES = 10


def report(parts: Services) -> dict[str, Any]:
    """Versions, system, device, weights, settings, room, and the latest failures and warnings, with private parts removed."""
    recent = parts.manager.jobs(limit=COUNTED_JOBS, state=None)
    failures = [_failure(job) for job in recent if job.state == "failed"]
    told = {
        "impasto": __version__,
        "python": platform.python_version(),
        "system": {
            "name": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cores": os.cpu_count() or 1,
        },
        "packages": {name: _version(name) for name in PACKAGES},
        "device": parts.manager.device(),
        "memory": _memory(),
        "disk": _disk(parts),
        "daemon": _daemon(parts),
        "models": {model.id: parts.store.status(model.id) for model in parts.store.catalogue.models()},
        "styles": dict(Counter("own" if style.own else "shipped" for style in parts.styles.styles())),
        "settings": _settings(parts.settings),
        "jobs": dict(Counter(job.state for job in recent)),
        "failures": failures[:TOLD_FAILURES],
        "log": [{**line, "text": without_places(line["text"])} for line in parts.recent.lines()],
    }
    return scrubbed(told, _words(parts))


def _failure(job: Any) -> dict[str, Any]:
    error = job.error or {}
    return {
        "kind": job.kind,
        "ended": job.ended,
        "attempts": job.attempts,
        "code": error.get("code", ""),
        "message": without_places(error.get("message", "")),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "absent"


def _memory() -> dict[str, int]:
    from ..machine import main_memory

    used, total = main_memory()
    return {"total_bytes": total, "used_bytes": used}


def _disk(parts: Services) -> dict[str, int]:
    try:
        usage = shutil.disk_usage(parts.paths.data)
    except OSError:
        return {}
    return {"total_bytes": usage.total, "free_bytes": usage.free}


def _daemon(parts: Services) -> dict[str, Any]:
    import psutil

    process = psutil.Process()
    if sys.platform == "win32":
        handles = process.num_handles()
    else:
        handles = process.num_fds()
    return {
        "uptime_s": round(time.time() - process.create_time()),
        "memory_bytes": process.memory_info().rss,
        "threads": process.num_threads(),
        "handles": handles,
        "waiting_places": parts.room.places,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    default, told = Settings().to_dict(), settings.to_dict()
    return {key: ("changed" if value != default[key] else "default") if key in PRIVATE else value for key, value in told.items()}


def _words(parts: Services) -> dict[str, str]:
    places = {
        str(parts.paths.runtime): "<runtime>",
        str(parts.paths.drop_in): "<drop-in>",
        str(parts.paths.weights): "<weights>",
        str(parts.paths.data): "<data>",
    }
    return {**private_words(parts.token), **places}
