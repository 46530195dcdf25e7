"""Every content in every style by the iterative method, on one sheet: the picture by which its defaults are judged.

    python benchmarks/contact_sheet.py --data PICTURES --out docs/contact-sheet.jpg [--side 224] [parameter=value ...]

`PICTURES` has folders contents/ and paintings/. Single pictures are kept in out/contact-sheet/ and are not painted again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import impasto
from pictures import open_picture, to_pil
from PIL import Image

CONTENTS = [
    "landscape_moraine_lake.jpg",
    "portrait_astronaut.png",
    "architecture_colosseum.jpg",
    "animal_kitten.jpg",
    "street_london_rain.jpg",
    "closeup_spices.jpg",
]
STYLES = [
    "vangogh_starry_night.jpg",
    "hokusai_great_wave.jpg",
    "kandinsky_composition_vii.jpg",
    "munch_scream.jpg",
    "monet_water_lily_pond.jpg",
    "delaunay_metzinger.jpg",
]
GAP = 6


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--side", type=int, default=224)
    arguments.add_argument("--kept", type=Path, default=Path("out/contact-sheet"))
    arguments.add_argument("parameters", nargs="*")
    given = arguments.parse_args()
    given.kept.mkdir(parents=True, exist_ok=True)
    values = {"method": "iterative", "encoder": "vgg16", **dict(pair.split("=", 1) for pair in given.parameters)}
    width, height = given.side, given.side * 3 // 4
    sheet = Image.new("RGB", ((width + GAP) * (len(STYLES) + 1), (height + GAP) * (len(CONTENTS) + 1)), "white")
    for row, content_name in enumerate(CONTENTS, 1):
        content = open_picture(given.data / "contents" / content_name, width, landscape=True)
        sheet.paste(to_pil(content), (0, row * (height + GAP)))
        for column, style_name in enumerate(STYLES, 1):
            style = open_picture(given.data / "paintings" / style_name, 1024)
            if row == 1:
                swatch = to_pil(style)
                swatch.thumbnail((width, height))
                sheet.paste(swatch, (column * (width + GAP), 0))
            file = given.kept / f"{Path(content_name).stem}--{Path(style_name).stem}.png"
            if not file.exists():
                impasto.stylize(to_pil(content), to_pil(style), **values).save(file)
                print(file.name, flush=True)
            sheet.paste(Image.open(file), (column * (width + GAP), row * (height + GAP)))
            sheet.save(given.out, quality=88)


if __name__ == "__main__":
    main()
