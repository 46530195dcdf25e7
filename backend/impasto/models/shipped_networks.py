"""Whether the networks that ship with Impasto are whole. Without them all still paints, but much slower: somebody should know."""

from __future__ import annotations

import functools
from pathlib import Path

import yaml

from ..paths import shipped
from . import weights

NETWORKS = {
    "fast/impasto.safetensors": "The network of the fast styles that ship with Impasto",
    "predictor/impasto.safetensors": "The network for pictures that no other has learnt, which ships with Impasto,",
}
"""Files below ``models/``, and what they are at the beginning of a sentence."""

DIGESTS = "digests.yaml"
"""Their SHA-256, written by :func:`write_digests`, which ``tools/train_shipped.py`` calls."""

ADVICE = "Install Impasto again."


def troubles() -> list[str]:
    """A sentence for each network that is gone, empty or not the one that ships."""
    return [f"{noun} is {flaw}." for name, noun in NETWORKS.items() if (flaw := _flaw(shipped(*name.split("/")), name))]


def whole(file: Path) -> bool:
    """Whether ``file`` is a network that ships and as it was shipped."""
    return any(file == shipped(*name.split("/")) and not _flaw(file, name) for name in NETWORKS)


def _flaw(file: Path, name: str) -> str:
    try:
        status = file.stat()
    except OSError:
        return "gone"
    if not status.st_size:
        return "empty"
    return "" if _digest(file, status.st_mtime_ns, status.st_size) == digests().get(name) else "damaged"


@functools.lru_cache(maxsize=8)
def _digest(file: Path, changed: int, size: int) -> str:
    """Computed again only where the file has changed."""
    try:
        return weights.digest_of_file(file)
    except OSError:
        return ""


def digests() -> dict[str, str]:
    """Of the files as they were shipped; empty where that is not known either."""
    try:
        read = yaml.safe_load(shipped(DIGESTS).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return read if isinstance(read, dict) else {}


def write_digests() -> None:
    """Write them down, after one of the networks has been made anew."""
    lines = [f"{name}: {weights.digest_of_file(shipped(*name.split('/')))}\n" for name in NETWORKS]
    head = "# SHA-256 of the networks that ship. Written by impasto.models.shipped_networks.write_digests().\n"
    shipped(DIGESTS).write_text(head + "".join(lines), encoding="utf-8")
