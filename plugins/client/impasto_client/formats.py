"""The picture formats that a style may be in. Written by tools/plugin_parameters.py; do not edit it here."""

FORMATS = [('PNG', ('.png',), [(0, b'\x89PNG\r\n\x1a\n')]),
 ('JPEG', ('.jpg', '.jpeg'), [(0, b'\xff\xd8\xff')]),
 ('WebP', ('.webp',), [(0, b'RIFF')]),
 ('TIFF', ('.tif', '.tiff'), [(0, b'II*\x00'), (0, b'MM\x00*'), (0, b'II+\x00'), (0, b'MM\x00+')]),
 ('GIF', ('.gif',), [(0, b'GIF87a'), (0, b'GIF89a')]),
 ('BMP', ('.bmp', '.dib'), [(0, b'BM')])]
"""Label, file extensions, and what such files begin with: (offset, bytes)."""
