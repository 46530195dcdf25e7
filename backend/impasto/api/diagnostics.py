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
from .privacy import private_words, redacted, without_paths
from .services import Services

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "imagecodecs", "tifffile", "flask", "waitress")

PRIVATE = ("token", "host", "allowed_hosts", "allowed_origins", "data_dir", "weights_dir", "drop_in_dir", "photos_dir", "mirrors")
"""Settings of which the report says only whether they were changed."""

COUNTED_JOBS = 500
MAX_FAILURES = 10


def report(app: Services) -> dict[str, Any]:
    """Versions, system, device, weights, settings, room, and the latest failures and warnings, with private app removed."""
    recent = app.manager.jobs(limit=COUNTED_JOBS, state=None)
    failures = [_failure(job) for job in recent if job.state == "failed"]
    body = {
        "impasto": __version__,
        "python": platform.python_version(),
        "system": {
            "name": platform.system(),
            "release": platform.release(),
            "machine": platform.machine(),
            "cores": os.cpu_count() or 1,
        },
        "packages": {name: _version(name) for name in PACKAGES},
        "device": app.manager.device(),
        "memory": _memory(),
        "disk": _disk(app),
        "daemon": _daemon(app),
        "models": {model.id: app.store.status(model.id) for model in app.store.catalogue.models()},
        "styles": dict(Counter("own" if style.own else "shipped" for style in app.styles.styles())),
        "settings": _settings(app.settings),
        "jobs": dict(Counter(job.state for job in recent)),
        "failures": failures[:MAX_FAILURES],
        "log": [{**line, "text": without_paths(line["text"])} for line in app.recent_log.lines()],
    }
    return redacted(body, _words(app))


def _failure(job: Any) -> dict[str, Any]:
    error = job.error or {}
    return {
        "kind": job.kind,
        "ended": job.ended,
        "attempts": job.attempts,
        "code": error.get("code", ""),
        "message": without_paths(error.get("message", "")),
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


def _disk(app: Services) -> dict[str, int]:
    try:
        usage = shutil.disk_usage(app.paths.data)
    except OSError:
        return {}
    return {"total_bytes": usage.total, "free_bytes": usage.free}


def _daemon(app: Services) -> dict[str, Any]:
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
        "waiting_places": app.wait_slots.places,
    }


def _settings(settings: Settings) -> dict[str, Any]:
    default, current = Settings().to_dict(), settings.to_dict()
    return {key: ("changed" if value != default[key] else "default") if key in PRIVATE else value for key, value in current.items()}


def _words(app: Services) -> dict[str, str]:
    places = {
        str(app.paths.runtime): "<runtime>",
        str(app.paths.drop_in): "<drop-in>",
        str(app.paths.weights): "<weights>",
        str(app.paths.data): "<data>",
    }
    return {**private_words(app.token), **places}
