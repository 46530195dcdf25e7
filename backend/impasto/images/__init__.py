"""Bytes <-> pictures: formats, bit depth, transparency, colour profiles. numpy, no torch.

    picture = decode(data, Limits.of(settings))
    data = encode(repaint(picture, engine(filled(picture))))
"""

from .alpha import filled
from .decode import decode, probe, verify
from .encode import encode, thumbnail, to_png8
from .formats import FORMATS, check_fits, losses, negotiate, recognise
from .limits import Limits
from .picture import Picture, PictureInfo, repaint

__all__ = ["FORMATS", "Limits", "Picture", "PictureInfo", "check_fits", "decode", "encode", "filled", "losses", "negotiate",
           "probe", "recognise", "repaint", "thumbnail", "to_png8", "verify"]
