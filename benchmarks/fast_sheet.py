"""Every fast style that ships on the same pictures, one pass each: what the README shows and what retraining is judged by.

python benchmarks/fast_sheet.py --contents PICTURE... --out docs/fast-styles.jpg [--side 400] [--detail 0.5] [--strength 0.5]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from impasto.engine.networks import open_network
from impasto.models import fast
from impasto.paths import shipped
from impasto.style.mixing import mix_embeddings
from impasto.style.tone import tone_share
from pictures import open_picture, paint, to_pil
from PIL import Image

GAP = 6
PAINTED_SIDE = 800
"""Pictures are painted at this size and shown smaller."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--contents", type=Path, nargs="+", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--side", type=int, default=300)
    arguments.add_argument("--strength", type=float, default=0.5)
    arguments.add_argument("--detail", type=float, default=0.5)
    given = arguments.parse_args()
    file = shipped("fast", "impasto.safetensors")
    network, header = open_network(file), fast.inspect(file)
    width, height = given.side, given.side * 3 // 4
    sheet = Image.new("RGB", ((width + GAP) * (len(given.contents) + 1), (height + GAP) * (len(header.styles) + 1)), "white")
    contents = [open_picture(content, PAINTED_SIDE, landscape=True) for content in given.contents]
    for column, content in enumerate(contents, 1):
        sheet.paste(to_pil(content).resize((width, height), Image.Resampling.LANCZOS), (column * (width + GAP), 0))
    for row, style in enumerate(header.styles, 1):
        swatch = Image.open(shipped("paintings", f"{style.id}.jpg"))
        swatch.thumbnail((width, height))
        sheet.paste(swatch, (0, row * (height + GAP)))
        mix = mix_embeddings(header.rows, [style.rows], [1.0], given.strength, given.detail)
        for column, content in enumerate(contents, 1):
            painted = to_pil(paint(network, content, mix, tone_share(given.strength)))
            sheet.paste(painted.resize((width, height), Image.Resampling.LANCZOS), (column * (width + GAP), row * (height + GAP)))
    sheet.save(given.out, quality=88)


if __name__ == "__main__":
    main()
