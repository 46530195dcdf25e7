"""Bytes <-> pictures: formats, bit depth, transparency, colour profiles. numpy, no torch.

picture = decode(data, Limits.of(settings))
data = encode(repaint(picture, engine(filled(picture))))
"""

from .alpha import filled
from .decode import decode, probe, recipe_of, verify
from .encode import encode, outgoing, thumbnail, to_png8, without_metadata, write
from .limits import Limits
from .negotiation import check_fits, losses, negotiate
from .picture import Picture, PictureInfo, repaint, stripped
from .recognition import recognise

__all__ = [
    "Limits",
    "Picture",
    "PictureInfo",
    "check_fits",
    "decode",
    "encode",
    "filled",
    "losses",
    "negotiate",
    "outgoing",
    "probe",
    "recipe_of",
    "recognise",
    "repaint",
    "stripped",
    "thumbnail",
    "to_png8",
    "verify",
    "without_metadata",
    "write",
]
