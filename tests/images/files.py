"""Small picture files made by hand or by other programs' libraries, so that our own writers are never their own judges."""

from __future__ import annotations

import functools
import importlib.util
import io
import struct
import zlib

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

MB = 1_000_000
HAS_HEIC = importlib.util.find_spec("pillow_heif") is not None
HAS_FAX = 4 in tifffile.TIFF.DECOMPRESSORS
"""Not with what there is for Python 3.10."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
D65 = [0.3127, 0.3290, 1.0]
P3 = [0.680, 0.320, 1.0, 0.265, 0.690, 1.0, 0.150, 0.060, 1.0]
ADOBE = [0.640, 0.330, 1.0, 0.210, 0.710, 1.0, 0.150, 0.060, 1.0]
SRGB = [0.640, 0.330, 1.0, 0.300, 0.600, 1.0, 0.150, 0.060, 1.0]


def samples(dtype: str, channels: int, height: int = 19, width: int = 23, seed: int = 1) -> np.ndarray:
    """Random (H, W, C), with both extremes among them; alpha (channel 2 or 4) has many 0s and full values."""
    random = np.random.default_rng(seed)
    values = random.random((height, width, channels))
    values[0, :2] = [[0.0] * channels, [1.0] * channels]
    if channels in (2, 4):
        values[:, :, -1] = np.clip(values[:, :, -1] * 1.6 - 0.3, 0, 1)
    return values.astype(np.float32) if dtype == "float32" else np.rint(values * np.iinfo(dtype).max).astype(dtype)


def npy(array: np.ndarray) -> bytes:
    """As `numpy.save` writes it."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def pil(array_or_image: np.ndarray | Image.Image, format: str, **options) -> bytes:
    """As Pillow writes it."""
    image = array_or_image if isinstance(array_or_image, Image.Image) else Image.fromarray(array_or_image)
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def tiff(array: np.ndarray, **options) -> bytes:
    """As tifffile writes it."""
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **({"metadata": None} | options))
    return buffer.getvalue()


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """A PNG chunk with the right checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def zeros_deflated(count: int) -> bytes:
    """``count`` zeros as zlib packs them, made of one packed piece over and over."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    piece = packer.compress(bytes(MB)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(count % MB)) + packer.flush()
    return b"\x78\xda" + piece * (count // MB) + rest + struct.pack(">HH", count % 65521, 1)  # Adler-32 of zeros


def png(array: np.ndarray, extra: bytes = b"", interlaced: bool = False) -> bytes:
    """A PNG from (H, W, C) of uint8 or uint16, with ``extra`` chunks before the pixels."""
    height, width, channels = array.shape
    depth, kind = array.dtype.itemsize * 8, {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    big = array.astype(array.dtype.newbyteorder(">"))
    adam7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    grids = adam7 if interlaced else ((0, 0, 1, 1),)
    parts = [big[y::dy, x::dx] for x, y, dx, dy in grids]
    raw = b"".join(b"\0" + row.tobytes() for part in parts if part.size for row in part)
    return png_of(width, height, depth, kind, zlib.compress(raw), extra, interlaced)


def png_of(width: int, height: int, depth: int, kind: int, packed: bytes, extra: bytes = b"", interlaced: bool = False) -> bytes:
    """A PNG from its parts, which need not make sense."""
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    return PNG_SIGNATURE + chunk(b"IHDR", header) + extra + chunk(b"IDAT", packed) + chunk(b"IEND")


def indexed_png(indices: np.ndarray, palette: np.ndarray, transparency: bytes = b"", bits: int = 8) -> bytes:
    """A palette PNG from indices (H, W) and colours (N, 3)."""
    width = indices.shape[1]
    single_bits = ((indices[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1).astype(np.uint8)
    rows = [b"\0" + np.packbits(row.ravel()).tobytes() for row in single_bits]
    extra = chunk(b"PLTE", palette.astype(np.uint8).tobytes()) + (chunk(b"tRNS", transparency) if transparency else b"")
    return png_of(width, len(indices), bits, 3, zlib.compress(b"".join(rows)), extra)


def rgb_profile(primaries: list[float], gamma: float) -> bytes:
    """A matrix profile with a plain gamma, white D65."""
    return imagecodecs.cms_profile("rgb", whitepoint=D65, primaries=primaries, gamma=gamma)


def grey_profile(gamma: float) -> bytes:
    """A grey profile with a plain gamma."""
    return imagecodecs.cms_profile("gray", whitepoint=D65, gamma=gamma)


def cmyk_profile(paper: tuple[int, int, int] = (255, 128, 128)) -> bytes:
    """A press profile of the simplest sort: a table of the 16 corners from inks to 8-bit Lab (L, a + 128, b + 128)."""
    inks = {
        0: paper,
        8: (140, 90, 80),
        4: (122, 202, 124),
        2: (226, 124, 220),
        12: (60, 140, 80),
        10: (127, 60, 155),
        6: (120, 196, 176),
        14: (60, 128, 128),
    }
    table = b"".join(bytes(inks[node & ~1] if not node & 1 else (20, 128, 128)) for node in range(16))
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    ramp = bytes(range(256))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + table + ramp * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"test\0" + bytes(3)
    tags, body, start = b"", b"", 128 + 4 + 3 * 12
    for name, value in ((b"A2B0", lut + bytes(-len(lut) % 4)), (b"wtpt", white), (b"cprt", text)):
        tags += name + struct.pack(">II", start + len(body), len(value))
        body += value
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"test", 0x02400000, b"prtr", b"CMYK", b"Lab ") + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", 3) + tags + body


def exif(orientation: int) -> bytes:
    """An EXIF block with an orientation (as `Image.save` takes it)."""
    tags = Image.Exif()
    tags[274] = orientation
    return tags.tobytes()


SMOOTH = np.linspace(0, 1, 160)[None, :, None] * np.linspace(40, 200, 120)[:, None, None] + 20 * samples("float32", 3, 120, 160)
"""A picture (120, 160, 3) with some noise on it, so that a JPEG of it has enough bytes to do damage to."""


def jpegs() -> dict[str, bytes]:
    """JPEGs of every sort that is taken, with enough pixels for damage in the middle."""
    picture = Image.fromarray(np.clip(SMOOTH, 0, 255).astype(np.uint8))
    return {
        "baseline": pil(picture, "JPEG"),
        "progressive": pil(picture, "JPEG", progressive=True),
        "restarts": pil(picture, "JPEG", restart_marker_rows=1),
        "grey": pil(picture.convert("L"), "JPEG"),
        "CMYK": pil(picture.convert("CMYK"), "JPEG"),
        "in RGB": pil(picture, "JPEG", keep_rgb=True),
    }


def damaged_jpegs(data: bytes) -> dict[str, bytes]:
    """``data`` with damage at which decoders go on, and paint something grey or askew."""
    middle = (data.index(b"\xff\xda") + len(data)) // 2
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    height, width = struct.unpack_from(">HH", data, frame + 5)
    sizes = {"taller": (height + 64, width), "shorter": (height - 64, width), "wider": (height, width + 64)}
    return {
        "cut in half, with an end": data[:middle] + b"\xff\xd9",
        "cut near its end, with an end": data[:-12] + b"\xff\xd9",
        "400 zeros": data[:middle] + bytes(400) + data[middle + 400 :],
        **{name: data[: frame + 5] + struct.pack(">HH", *size) + data[frame + 9 :] for name, size in sizes.items()},
    }


def animated(format: str, count: int = 3, **options) -> bytes:
    """``count`` frames of random pixels, 19 x 23; the first is ``samples("uint8", 3, seed=0)``."""
    frames = [Image.fromarray(samples("uint8", 3, seed=i)) for i in range(count)]
    return pil(frames[0], format, save_all=True, append_images=frames[1:], **options)


def avif(array: np.ndarray, **options) -> bytes:
    """As Pillow writes it, with every colour at its own place unless ``options`` say otherwise."""
    return pil(array, "AVIF", **({"quality": 95, "subsampling": "4:0:0" if array.ndim == 2 else "4:4:4", "speed": 9} | options))


def avif_parts(data: bytes) -> tuple[bytes, bytes]:
    """An AVIF's stream and its configuration, out of a file of one picture."""
    place, stream = data.index(b"av1C"), data.index(b"mdat") + 4
    return data[stream:], data[place + 4 : place - 4 + int.from_bytes(data[place - 4 : place], "big")]


def box(name: bytes, *bodies: bytes, full: int | None = None) -> bytes:
    """A box of ISO's base media format; ``full``: its version."""
    body = (b"" if full is None else bytes([full, 0, 0, 0])) + b"".join(bodies)
    return struct.pack(">I4s", 8 + len(body), name) + body


def avif_grid(stream: bytes, config: bytes, rows: int, columns: int, side: int, shown: int = 0) -> bytes:
    """An AVIF put together of ``rows`` x ``columns`` square tiles, all of which are the one ``stream``; of the whole only so many
    px each way are ``shown``, where that is given."""
    tiles, whole = range(2, 2 + rows * columns), (shown or columns * side, shown or rows * side)
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, *whole)
    head = box(b"ftyp", b"avif\0\0\0\0avifmif1")

    def meta(first: int) -> bytes:
        places = [(1, first, len(grid)), *((tile, first + len(grid), len(stream)) for tile in tiles)]
        kinds = [(1, b"grid"), *((tile, b"av01") for tile in tiles)]
        sizes = [box(b"ispe", struct.pack(">II", across, down), full=0) for across, down in (whole, (side, side))]
        depths = box(b"pixi", b"\3\x08\x08\x08", full=0)
        owners = [struct.pack(">HBBB", 1, 2, 1, 3), *(struct.pack(">HBBBB", tile, 3, 2, 3, 0x84) for tile in tiles)]
        return box(
            b"meta",
            box(b"hdlr", bytes(4) + b"pict" + bytes(13), full=0),
            box(b"pitm", struct.pack(">H", 1), full=0),
            box(
                b"iloc",
                b"\x44\0",
                struct.pack(">H", len(places)),
                *(struct.pack(">HHHII", n, 0, 1, at, size) for n, at, size in places),
                full=0,
            ),
            box(
                b"iinf",
                struct.pack(">H", len(kinds)),
                *(box(b"infe", struct.pack(">HH4s", n, 0, kind), b"\0", full=2) for n, kind in kinds),
                full=0,
            ),
            box(b"iref", box(b"dimg", struct.pack(f">HH{len(tiles)}H", 1, len(tiles), *tiles)), full=0),
            box(
                b"iprp",
                box(b"ipco", *sizes, depths, box(b"av1C", config)),
                box(b"ipma", struct.pack(">I", len(owners)), *owners, full=0),
            ),
            full=0,
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", grid, stream)


def heic(array: np.ndarray, **options) -> bytes:
    """As libheif writes it: (H, W, 1, 3 or 4) of uint8, or of uint16 for 10 bit."""
    import pillow_heif

    height, width, channels = array.shape
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels] + (";16" if array.dtype == np.uint16 else "")
    mode = mode.replace("L;16", "I;16")
    image = pillow_heif.from_bytes(mode, (width, height), array.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, **({"quality": 90, "chroma": 444} | options))
    return buffer.getvalue()


def jxl(array: np.ndarray, **options) -> bytes:
    """As libjxl writes it, lossless. What is deeper than 8 bit counts as linear light."""
    squeezed = array[:, :, 0] if array.shape[-1] == 1 else array
    return bytes(imagecodecs.jpegxl_encode(np.ascontiguousarray(squeezed), lossless=True, **options))


def heics() -> dict[str, bytes]:
    """HEICs of every sort that is taken, where the library is there that makes and reads them."""
    if not HAS_HEIC:
        return {}
    rgb, rgba, deep = samples("uint8", 3, 64, 80), samples("uint8", 4, 64, 80), samples("uint16", 3, 64, 80)
    return {
        "heic rgb": heic(rgb, exif=exif(6)),
        "heic alpha": heic(rgba),
        "heic ten bits": heic(deep),
        "heic grey ten bits": heic(samples("uint16", 1, 64, 80)),
        "heic grey": heic(samples("uint8", 1, 64, 80)),
        "heic tiles": heic(samples("uint8", 3, 130, 140), tile_size=64),
    }


def gif(indices: np.ndarray, palette: np.ndarray, transparent: int | None = None, corner: tuple[int, int] = (0, 0)) -> bytes:
    """A GIF of one frame, ``corner`` px (across, down) away from the canvas's own; packed by Pillow, framed by hand."""
    height, width = indices.shape
    image = Image.fromarray(indices.astype(np.uint8), "P")
    image.putpalette(palette.astype(np.uint8).tobytes())
    whole = pil(image, "GIF", optimize=False, interlace=False)
    start = whole.index(b"\x2c" + bytes(4) + struct.pack("<HH", width, height))
    packed = whole[start + 10 + (3 * 2 ** ((whole[start + 9] & 7) + 1) if whole[start + 9] & 0x80 else 0) :]
    across, down = corner
    colours = palette.astype(np.uint8).tobytes().ljust(768, b"\0")
    control = b"\x21\xf9\4\1\0\0" + bytes([transparent, 0]) if transparent is not None else b""
    frame = b"\x2c" + struct.pack("<HHHHB", across, down, width, height, 0)
    return b"GIF89a" + struct.pack("<HH", width + across, height + down) + b"\xf7\0\0" + colours + control + frame + packed


def bmp_with_alpha(array: np.ndarray) -> bytes:
    """A BMP with the masks of a version 4 header, from (H, W, 4), top row first."""
    height, width, _ = array.shape
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 108, width, -height, 1, 32, 3, 4 * width * height, 2835, 2835, 0, 0) + masks
    header = header.ljust(108, b"\0")
    pixels = array[:, :, [2, 1, 0, 3]].tobytes()
    return b"BM" + struct.pack("<IHHI", 14 + 108 + len(pixels), 0, 0, 14 + 108) + header + pixels


@functools.cache
def small_files() -> dict[str, bytes]:
    """One small valid file of every sort that is taken."""
    rgb, rgba, grey = samples("uint8", 3), samples("uint8", 4), samples("uint8", 1)
    deep, deep_alpha, light = samples("uint16", 3), samples("uint16", 4), samples("float32", 3)
    cmyk = Image.fromarray(rgb).convert("CMYK")
    p3 = rgb_profile(P3, 2.2)
    return {
        "png rgb8": png(rgb),
        "png rgba16": png(deep_alpha),
        "png grey16": png(samples("uint16", 1)),
        "png la8": png(samples("uint8", 2)),
        "png palette": indexed_png(grey[:, :, 0] & 15, rgb[0, :16], b"\0\x80", bits=4),
        "png interlaced": png(deep, interlaced=True),
        "png profile": pil(rgb, "PNG", icc_profile=p3, dpi=(300, 300), exif=exif(6)),
        "jpeg rgb": pil(rgb, "JPEG", icc_profile=p3, exif=exif(8), dpi=(72, 72)),
        "jpeg grey": pil(grey[:, :, 0], "JPEG"),
        "jpeg progressive": pil(rgb, "JPEG", progressive=True),
        "jpeg cmyk": pil(cmyk, "JPEG"),
        "webp lossy": pil(rgb, "WEBP"),
        "webp lossless": pil(rgba, "WEBP", lossless=True, icc_profile=p3, exif=exif(3)),
        "webp lossy alpha": pil(rgba, "WEBP"),
        "tiff rgb8": tiff(rgb),
        "tiff rgba16": tiff(deep_alpha, photometric="rgb", compression="zlib", predictor=True),
        "tiff float": tiff(light, compression="lzw", photometric="rgb", byteorder=">"),
        "tiff jpeg": pil(rgb, "TIFF", compression="jpeg"),
        "tiff tiled": tiff(rgb, tile=(16, 16), compression="packbits", photometric="rgb"),
        **({"tiff fax": pil(Image.fromarray(grey[:, :, 0] > 99), "TIFF", compression="group4")} if HAS_FAX else {}),
        "tiff palette": pil(Image.fromarray(rgb).quantize(16), "TIFF"),
        "tiff big": tiff(deep, bigtiff=True, photometric="rgb"),
        "tiff cmyk": tiff(np.asarray(cmyk), photometric="separated"),
        "tiff planar": tiff(np.moveaxis(deep, 2, 0), planarconfig="separate", photometric="rgb", iccprofile=p3),
        "avif rgb": avif(rgb, exif=exif(6)),
        "avif alpha": avif(rgba, icc_profile=p3),
        "avif grey": avif(grey[:, :, 0]),
        "avif twelve bits": bytes(imagecodecs.avif_encode(deep >> 4, level=90, bitspersample=12)),
        "avif animated": animated("AVIF"),
        "jxl rgb": jxl(rgb),
        "jxl alpha deep": jxl(deep_alpha),
        "jxl lossy": bytes(imagecodecs.jpegxl_encode(rgb, level=80)),
        "jxl of a jpeg": bytes(imagecodecs.jpegxl_encode_jpeg(pil(rgb, "JPEG", exif=exif(8)))),
        **heics(),
        "gif palette": pil(Image.fromarray(rgb).quantize(16), "GIF"),
        "gif transparent": gif(grey[:, :, 0] & 15, rgb[0, :16], transparent=3),
        "gif in a corner": gif(grey[:, :, 0] & 15, rgb[0, :16], corner=(4, 2)),
        "bmp rgb": pil(rgb, "BMP", dpi=(300, 300)),
        "bmp grey": pil(grey[:, :, 0], "BMP"),
        "bmp palette": pil(Image.fromarray(rgb).quantize(16), "BMP"),
        "bmp alpha": bmp_with_alpha(rgba),
        "npy u8": npy(grey[:, :, 0]),
        "npy u16": npy(deep_alpha),
        "npy f32": npy(light),
        "npy f16": npy(light.astype(np.float16)),
    }
