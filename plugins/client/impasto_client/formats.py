"""The picture formats that a style may be in. Written by tools/plugin_parameters.py; do not edit it here."""

FORMATS = [('PNG', ('.png',), [(0, b'\x89PNG\r\n\x1a\n')]),
 ('JPEG', ('.jpg', '.jpeg'), [(0, b'\xff\xd8\xff')]),
 ('WebP', ('.webp',), [(0, b'RIFF')]),
 ('TIFF', ('.tif', '.tiff'), [(0, b'II*\x00'), (0, b'MM\x00*'), (0, b'II+\x00'), (0, b'MM\x00+')]),
 ('AVIF', ('.avif',), [(4, b'ftypavif'), (4, b'ftypavis'), (4, b'ftypmif1'), (4, b'ftypmsf1')]),
 ('HEIC',
  ('.heic', '.heif', '.hif'),
  [(4, b'ftypheic'),
   (4, b'ftypheix'),
   (4, b'ftypheim'),
   (4, b'ftypheis'),
   (4, b'ftyphevc'),
   (4, b'ftyphevx'),
   (4, b'ftypmif1'),
   (4, b'ftypmsf1')]),
 ('JPEG XL', ('.jxl',), [(0, b'\x00\x00\x00\x0cJXL \r\n\x87\n'), (0, b'\xff\n')]),
 ('GIF', ('.gif',), [(0, b'GIF87a'), (0, b'GIF89a')]),
 ('BMP', ('.bmp', '.dib'), [(0, b'BM')])]
"""Label, file extensions, and what such files begin with: (offset, bytes)."""
