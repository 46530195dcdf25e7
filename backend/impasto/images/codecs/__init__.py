"""One module per format, each with the same three functions:

- ``head(data, limits) -> Header``: the header alone, with every size checked; nothing large is allocated.
- ``samples(data, header) -> ndarray``: (H, W, C) as stored, in ``header.dtype``.
- ``write(outgoing) -> bytes``.

Where the pixels can be known to be whole without being decoded, there is also ``verify(data, header)``.

They may raise anything; `decode` turns what is not ours into :class:`BadPicture`.
"""

from . import jpeg, npy, png, tiff, webp

CODECS = {"png": png, "jpeg": jpeg, "webp": webp, "tiff": tiff, "npy": npy}
