"""Pictures made to hurt, sent to a default daemon wherever it takes one: a refusal with a code, soon, and memory as before."""

from __future__ import annotations

import io
import struct
import threading
import time
import zlib

import numpy as np
import pytest
from api import pictures
from api.conftest import stylize_files
from images import files
from images.test_refusals import BOMBS, DAMAGED, OTHERS, SIZES
from PIL import Image

PIXELS = files.samples("uint8", 3, 40, 40)
PLAIN = files.png(PIXELS)
MB = files.MB


def tiff(tags: dict[int, int], body: bytes, at: int = 300) -> bytes:
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return (b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)).ljust(at, b"\0") + body


def deflated_tiff(width: int, height: int, channels: int, bits: int, form: int, **more: int) -> bytes:
    body = files.zeros_deflated(width * height * channels * bits // 8)
    tags = {
        256: width,
        257: height,
        258: bits,
        259: 8,
        262: 2 if channels > 2 else 1,
        273: 300,
        277: channels,
        278: height,
        279: len(body),
        339: form,
    } | {int(tag): value for tag, value in more.items()}
    return tiff(tags, body)


def progressive_scans(scans: int) -> bytes:
    data = files.pil(PIXELS, "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * scans + data[-2:]


def array_of(shape: str) -> bytes:
    return b"\x93NUMPY\1\0\x76\0" + f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"


HEAP, LIAR = bytes(30 * MB), files.avif(PIXELS)
WIDE_GIF = SIZES["gif"](65535, 65535)
EVIL = {
    "a PNG of 12000 x 12000 x 64 bit that is not there": files.png_of(12000, 12000, 16, 6, files.zeros_deflated(1000)),
    "a PNG that unpacks to 2 GB": files.png_of(40, 40, 8, 2, files.zeros_deflated(2000 * MB)),
    "a PNG whose profile unpacks to 1 GB": files.png(PIXELS, files.chunk(b"iCCP", b"x\0\0" + files.zeros_deflated(1000 * MB))),
    "a PNG with a comment of 1 GB": files.png(PIXELS, files.chunk(b"zTXt", b"x\0\0" + files.zeros_deflated(1000 * MB))),
    "a PNG with an EXIF of 30 MB": files.png(PIXELS, files.chunk(b"eXIf", b"Exif\0\0II*\0" + HEAP)),
    "a PNG with 200000 empty pieces": files.png(PIXELS, files.chunk(b"tEXt") * 200_000),
    "a PNG whose piece is 2 GB long": PLAIN[:33] + struct.pack(">I4s", 2**31 - 1, b"tEXt") + bytes(1000),
    "a PNG of one row": files.png_of(65535, 1, 8, 0, files.zeros_deflated(65536)),
    "a TIFF that unpacks to 2.4 GB of RGBA float": deflated_tiff(12247, 12247, 4, 32, 3),
    "a TIFF of sixteen float channels": deflated_tiff(6000, 6000, 16, 32, 3),
    "a TIFF whose pages run in a circle": tiff({256: 40, 257: 40, 262: 1}, b"")[:46] + struct.pack("<I", 8) + bytes(100),
    "a TIFF with a tag of 4 GB": tiff({256: 40, 257: 40, 258: 8, 262: 1, 273: 300, 279: 1600}, bytes(1600)).replace(
        struct.pack("<HHII", 273, 4, 1, 300), struct.pack("<HHII", 273, 4, 2**30, 300)),
    "a TIFF of 2^32 x 2^32": SIZES["tiff"](2**32 - 1, 2**32 - 1),
    "a TIFF with a directory of 65535 entries": b"II*\0\x08\0\0\0\xff\xff" + bytes(200),
    "a BigTIFF with 2^60 entries": b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**60) + bytes(100),
    "a TIFF in LZW that is none": tiff(
        {256: 4000, 257: 4000, 258: 8, 259: 5, 262: 1, 273: 300, 278: 4000, 279: 999}, b"\xff" * 999),
    "a TIFF in Zstandard that is none": tiff(
        {256: 4000, 257: 4000, 258: 8, 259: 50000, 262: 1, 273: 300, 278: 4000, 279: 999},
        b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", 2**50) + b"\0" * 986),
    "a TIFF with 60 pages": b"".join([tiff({256: 40, 257: 40, 262: 1}, b"")]),
    "a JPEG of 65500 x 65500": SIZES["jpeg"](65500, 65500),
    "a JPEG of 12000 x 12000 without pixels": SIZES["jpeg"](12000, 12000),
    "a JPEG that goes over its pixels 5000 times": progressive_scans(5000),
    "a JPEG with 30 MB of remarks": b"\xff\xd8" + b"\xff\xe5\xff\xff" * 1 + (b"\xff\xe5\xff\xff" + bytes(65533)) * 600,
    "a JPEG with a million remarks": b"\xff\xd8" + b"\xff\xfe\0\2" * 1_000_000,
    "a JPEG that never begins": b"\xff\xd8" + b"\xff" * MB,
    "a WebP of 16383 x 16383": SIZES["webp"](16383, 16383),
    "a WebP of 12000 x 12000 without pixels": SIZES["webp"](12000, 12000),
    "a WebP that names 4 GB": b"RIFF\xff\xff\xff\xffWEBPVP8L" + bytes(100),
    "a WebP with 30 MB of EXIF": b"RIFF" + struct.pack("<I", 30 * MB + 12) + b"WEBPEXIF" + struct.pack("<I", 30 * MB) + HEAP,
    "an array of 10^30 x 16": SIZES["npy"](10**30, 16),
    "an array of negative size": array_of("(-40, -40)"),
    "an array of objects": files.npy(np.zeros((40, 40), "V8")),
    "an array's header of 1 GB": b"\x93NUMPY\2\0" + struct.pack("<I", 10**9) + b"{" * 100_000,
    "an array's header that computes": array_of("(9**9**9, 40)"),
    "an array's header of brackets": b"\x93NUMPY\1\0\xff\x1f" + b"[" * 8191,
    "a TIFF of three pages": files.animated("TIFF"), "a GIF of remarks": b"GIF89a" + bytes(7) + b"!\xfe\1x\0" * 1_000_000,
    "a GIF of 65535 x 65535": WIDE_GIF, "a GIF whose frame is larger": WIDE_GIF[:6] + b"\x28\0\x28\0" + WIDE_GIF[10:],
    "a GIF of 12000 x 12000 without pixels": SIZES["gif"](12000, 12000), "a BMP without them": SIZES["bmp"](12000, 12000),
    "a BMP of 2^31 x 2^31": SIZES["bmp"](2**31 - 1, 2**31 - 1),
    "a BMP of 12000 x 12000 in run lengths that are not there": SIZES["bmp"](12000, 12000)[:30] + b"\1" + bytes(100),
    "a JPEG XL of 2^30 x 2^30": SIZES["jxl"](2**30, 2**30), "a JPEG XL that is 2 GB of nothing": files.jxl(PIXELS)[:9],
    "an AVIF that says it is 12000 x 12000": LIAR[:LIAR.index(b"ispe") + 8] + struct.pack(">II", 12000, 12000)
    + LIAR[LIAR.index(b"ispe") + 16:], "an AVIF of a million boxes": LIAR[:32] + b"\0\0\0\x08free" * 1_000_000,
    "an address": b"http://127.0.0.1:1/picture.png", "a path": b"/etc/passwd",
    "a file's address": b"file:///etc/passwd", "an SVG that names a file": b"<svg><image href='file:///etc/passwd'/></svg>",
    "a link file": b"[InternetShortcut]\nURL=file:///etc/passwd", "a picture of four bytes": PLAIN[:4], "nothing": b"",
    **{f"bomb: {name}": data for name, data in BOMBS.items()}, **{f"no picture: {name}": data for name, data in OTHERS.items()},
    **{f"a damaged JPEG: {name}": data for name, data in DAMAGED.items()},
}  # fmt: skip

HARMLESS = {
    "a PNG with a comment of 1 GB",
    "a PNG whose profile unpacks to 1 GB",
    "a PNG with an EXIF of 30 MB",
    "a PNG with 200000 empty pieces",
    "bomb: png text",
    "bomb: png international text",
    "bomb: png profile",
}
"""What is a picture all the same, because the trap is in a part that nobody looks at."""

MAX_EXTRA_MEMORY = 120e6
"""Bytes of the daemon's memory that a refusal may cost, besides the file itself several times over."""


class Peak:
    """How much more memory a process holds at most than when one began to look, in bytes."""

    def __init__(self, process):
        self.process, self.done = process, threading.Event()

    def __enter__(self):
        self.before = self.most = self.process.memory_info().rss
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while not self.done.is_set():
            self.most = max(self.most, self.process.memory_info().rss)
            time.sleep(0.005)

    def __exit__(self, *failure):
        self.done.set()
        self.thread.join()

    @property
    def more(self) -> int:
        return self.most - self.before


def refused(target, path: str, form: dict, data: dict, name: str) -> None:
    size = len(EVIL[name])
    with target.client() as client, Peak(target.process) as peak:
        began = time.monotonic()
        answer = client.post(path, files=form, data=data, timeout=60)
        lasted = time.monotonic() - began
    target.check(answer.status_code, answer.headers, answer.content)
    error = answer.json()["error"]
    assert error["code"] in ("bad_picture", "unsupported_picture", "picture_too_large", "picture_too_small", "unknown_style"), error
    assert lasted < 20, f"{lasted:.1f} s"
    assert peak.more < MAX_EXTRA_MEMORY + 6 * size, f"{peak.more / 1e6:.0f} MB more for a file of {size / 1e6:.1f} MB"


@pytest.mark.parametrize("name", EVIL)
def test_as_content(target, name):
    """The style is one that does not exist, so that what is harmless is refused for that."""
    with_style = {"style": "great-wave"} if name not in HARMLESS else {"style": "no-such-style"}
    refused(target, "/v1/jobs", stylize_files(EVIL[name]) | {"content": ("x.png", EVIL[name])}, with_style, name)


@pytest.mark.parametrize("name", [name for name in EVIL if name not in HARMLESS and not name.startswith("no picture")])
def test_as_style(target, name):
    refused(target, "/v1/styles", {"picture": ("x.png", EVIL[name])}, {"name": "Evil"}, name)


@pytest.mark.parametrize("name", ["nothing", "an address", "a path", "a TIFF of three pages", "a PNG that unpacks to 2 GB"])
@pytest.mark.parametrize(("path", "field"), [("/v1/jobs", "style"), ("/v1/stylize", "content"), ("/v1/styles/train", "picture")])
def test_everywhere_else(target, path, field, name):
    form = {**(stylize_files(PLAIN) if path != "/v1/styles/train" else {}), field: ("x.png", EVIL[name])}
    data = {"name": "x"} if path == "/v1/styles/train" else {"style": "great-wave"} if field == "content" else {}
    refused(target, path, form, data, name)


@pytest.mark.parametrize("value", ["http://127.0.0.1:1/x.png", "file:///etc/passwd", "/etc/passwd", "C:\\x.png", "\\\\host\\x.png"])
@pytest.mark.parametrize(
    ("path", "field"), [("/v1/jobs", "content"), ("/v1/jobs", "style"), ("/v1/styles", "picture"), ("/v1/styles/train", "picture")]
)
def test_a_picture_is_bytes_and_never_a_place(target, path, field, value):
    form = {"content": ("a.png", PLAIN)} if field == "style" else {"other": ("a.png", PLAIN)}
    with target.client() as client:
        answer = client.post(path, files=form, data={field: value, "name": "x"})
    target.check(answer.status_code, answer.headers, answer.content)
    assert answer.status_code == 400


PAYLOAD = b"<script>alert(1)</script><?php system($_GET[0]); ?>"
LARGE = files.samples("uint8", 3, 48, 64)
POLYGLOTS = {
    "behind a PNG": files.png(LARGE) + PAYLOAD, "in a PNG's text": files.png(LARGE, files.chunk(b"tEXt", b"Comment\0" + PAYLOAD)),
    "in a PNG's profile": files.png(LARGE, files.chunk(b"iCCP", b"x\0\0" + zlib.compress(PAYLOAD * 9))),
    "in a PNG's EXIF": files.png(LARGE, files.chunk(b"eXIf", b"II*\0\x08\0\0\0\0\0" + PAYLOAD)),
    "a PNG and an archive": files.png(LARGE) + b"PK\x05\x06" + bytes(18) + PAYLOAD,
    "behind a JPEG": files.pil(LARGE, "JPEG") + PAYLOAD, "a JPEG's remark": files.pil(LARGE, "JPEG", comment=PAYLOAD),
    "behind a WebP": files.pil(LARGE, "WEBP") + PAYLOAD, "a TIFF's description": files.tiff(LARGE, description=PAYLOAD.decode()),
    "behind a TIFF": files.tiff(LARGE) + PAYLOAD,
}  # fmt: skip
A_DESCRIPTION = "a TIFF's description"
"""What somebody has written about a photograph is carried on into its painting, whatever it says."""


@pytest.mark.parametrize("name", POLYGLOTS)
def test_what_travels_in_a_picture_does_not_travel_on(target, name):
    """Neither into a style that is kept nor, but for a description, into a painting; and a picture is said to be a picture."""
    with target.client() as client:
        sent = ("x.html", POLYGLOTS[name], "text/html")
        style = client.post("/v1/styles", files={"picture": sent}, data={"name": "Polyglot"}).json()
        answers = [client.get(style["links"]["picture"]), client.get(style["links"]["thumbnail"])]
        painted = client.post("/v1/stylize", files={"content": sent}, data={"style": "great-wave", "method": "fast"})
        client.delete(style["links"]["self"])
    for answer in (*answers, painted):
        target.check(answer.status_code, answer.headers, b"")
        carried = answer is painted and name == A_DESCRIPTION
        assert answer.status_code == 200 and (PAYLOAD in answer.content) == (b"<script" in answer.content) == carried
        assert answer.headers["content-type"].startswith("image/") and answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_nothing_was_accepted(target):
    with target.client() as client:
        assert [job for job in client.get("/v1/jobs").json()["jobs"] if job["kind"] == "stylize" and job["state"] == "queued"] == []
        assert not [style for style in client.get("/v1/styles").json()["styles"] if style["own"]]


def test_a_large_picture_is_taken_and_costs_the_daemon_little(target):
    """24 megapixels: looked at as a whole before the job is accepted, without being unpacked as a whole."""
    buffer = io.BytesIO()
    Image.fromarray(np.kron(pictures.pixels(60, 40), np.ones((100, 100, 1), np.uint8))).save(buffer, "JPEG", quality=90)
    with target.client() as client, Peak(target.process) as peak:
        answer = client.post("/v1/jobs", files=stylize_files(buffer.getvalue()), data={"style": "great-wave"}, timeout=60)
        assert answer.status_code == 202, answer.text
        client.post(answer.json()["links"]["cancel"])
    assert peak.more < 60e6, f"{peak.more / 1e6:.0f} MB more"
