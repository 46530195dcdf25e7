"""What the daemon adds to a fast picture: HTTP, the queue, decoding, encoding, and the job's files on the disk.

    impasto serve & python benchmarks/overhead.py PICTURE [--size 1024x768] [--style starry-night] [--repeat 20]

The picture is sent to the running daemon as PNG and as JPEG, and comes back in the same format. What the job itself says that
painting took is subtracted from what the whole took; the least of all runs counts, for a machine's other work only ever adds.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import requests
from impasto.api.runtime import find_daemon
from impasto.paths import Paths
from impasto.settings import Settings
from PIL import Image


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("picture", type=Path)
    arguments.add_argument("--size", default="1024x768")
    arguments.add_argument("--style", default="starry-night")
    arguments.add_argument("--repeat", type=int, default=20)
    given = arguments.parse_args()
    daemon = find_daemon(Paths.of(Settings.load()))
    if daemon is None:
        arguments.error("no daemon runs; start one: impasto serve")
    size = tuple(map(int, given.size.split("x")))
    picture = Image.open(given.picture).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {daemon.token}"

    def paint(data):
        """Seconds in all, and of painting."""
        began = time.perf_counter()
        answer = session.post(f"{daemon.url}/v1/stylize", files={"content": data}, data={"style": given.style, "method": "fast"})
        whole = time.perf_counter() - began
        answer.raise_for_status()
        job = session.get(f"{daemon.url}/v1/jobs/{answer.headers['X-Job-Id']}").json()
        return whole, job["result"]["painted_s"]

    for name in ("PNG", "JPEG"):
        buffer = io.BytesIO()
        picture.save(buffer, name, quality=92)
        paint(buffer.getvalue())
        times = [paint(buffer.getvalue()) for _ in range(given.repeat)]
        whole, painting = (min(column) for column in zip(*times, strict=True))
        more = min(one - part for one, part in times)
        print(f"{name}: {whole * 1e3:.0f} ms in all, {painting * 1e3:.0f} ms of painting; the daemon adds {more * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
