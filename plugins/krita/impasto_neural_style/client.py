"""The protocol that the plug-in shares with GIMP's: the installer lays it into this folder, a checkout has it on the path."""

try:
    from .impasto_client import (
        formats,
        job_client,
        labels,
        messages,
        parameters,
        pixels,
        places,
        plan,
        preview_sample,
        recipe,
        starter,
        translation,
        wire,
    )
except ImportError:
    from impasto_client import (
        formats,
        job_client,
        labels,
        messages,
        parameters,
        pixels,
        places,
        plan,
        preview_sample,
        recipe,
        starter,
        translation,
        wire,
    )

__all__ = [
    "formats",
    "job_client",
    "labels",
    "messages",
    "parameters",
    "pixels",
    "places",
    "plan",
    "preview_sample",
    "recipe",
    "starter",
    "translation",
    "wire",
]
