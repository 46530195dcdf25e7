"""One module per format, called as in :data:`impasto.formats.FORMATS`, each with the same three functions:

- ``head(data, limits) -> Header``: the header alone, with every size checked; nothing large is allocated.
- ``samples(data, header) -> ndarray``: (H, W, C) as stored, in ``header.dtype``.
- ``write(outgoing) -> bytes``, unless the format is only read.

Where the pixels can be known to be whole without being decoded, there is also ``verify(data, header)``; where something has to be
there that may be missing, ``lacking()``; where ``write`` may lose something of the pixels, ``without_metadata(data)``, which takes
EXIF and the like out of a file that it has written.

They may raise anything; `decode` turns what is not ours into :class:`BadPicture`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def codec(format: str) -> ModuleType:
    """The module that reads (and writes) ``format``, a key of :data:`impasto.formats.FORMATS`."""
    return import_module(f"{__name__}.{format}")


def lacking(format: str) -> str:
    """The command that installs what is missing to read ``format``; empty where nothing is."""
    module = codec(format)
    return str(module.lacking()) if hasattr(module, "lacking") else ""
