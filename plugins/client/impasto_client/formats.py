"""The picture formats that a style may be in. Written by tools/plugin_parameters.py; do not edit it here."""

FORMATS = [('PNG', ('.png',), [b'\x89PNG\r\n\x1a\n']),
 ('JPEG', ('.jpg', '.jpeg'), [b'\xff\xd8\xff']),
 ('WebP', ('.webp',), [b'RIFF']),
 ('TIFF', ('.tif', '.tiff'), [b'II*\x00', b'MM\x00*', b'II+\x00', b'MM\x00+'])]
"""Label, file extensions, and the bytes that such files begin with."""
