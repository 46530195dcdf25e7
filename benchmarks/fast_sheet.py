"""Every fast style that ships on the same pictures: what the README shows and what retraining is judged by.

python benchmarks/fast_sheet.py --contents PICTURE... --out docs/fast-styles.jpg [--side 300] [parameter=value ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import impasto
from impasto.models import fast
from impasto.paths import shipped
from pictures import open_picture, to_pil
from PIL import Image

GAP = 6
PAINTED_SIDE = 1024
"""Pictures are painted at this size and shown smaller."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--contents", type=Path, nargs="+", required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--side", type=int, default=300)
    arguments.add_argument("parameters", nargs="*", metavar="parameter=value")
    given = arguments.parse_args()
    parameters = dict(text.split("=", 1) for text in given.parameters)
    styles = fast.inspect(shipped("fast", "impasto.safetensors")).styles
    width, height = given.side, given.side * 3 // 4
    sheet = Image.new("RGB", ((width + GAP) * (len(given.contents) + 1), (height + GAP) * (len(styles) + 1)), "white")

    def show(picture: Image.Image, column: int, row: int) -> None:
        sheet.paste(picture.resize((width, height), Image.Resampling.LANCZOS), (column * (width + GAP), row * (height + GAP)))

    contents = [to_pil(open_picture(content, PAINTED_SIDE, landscape=True)) for content in given.contents]
    for column, content in enumerate(contents, 1):
        show(content, column, 0)
    for row, style in enumerate(styles, 1):
        swatch = Image.open(shipped("paintings", f"{style.id}.jpg"))
        swatch.thumbnail((width, height))
        sheet.paste(swatch, (0, row * (height + GAP)))
        for column, content in enumerate(contents, 1):
            show(impasto.stylize(content, style.id, method="fast", **parameters), column, row)
    sheet.save(given.out, quality=76, optimize=True)


if __name__ == "__main__":
    main()
