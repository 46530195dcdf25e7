"""Opens the window on a picture, as often as the test says, and writes down what has become of the image meanwhile."""

import json
import os
import sys
import time

from cases import LAB, OPTIONS, PAINT, REPEAT, Gimp, add_layer, call, source_of

RECIPE = "impasto-recipe"


def opened():
    if not OPTIONS.get("picture"):
        image = Gimp.Image.new(160, 120, Gimp.ImageBaseType.RGB)
        add_layer(image, "content", (160, 120), OPTIONS.get("alpha", True))
        if OPTIONS.get("text"):
            text = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40, Gimp.Unit.pixel())
            image.insert_layer(text, None, 0)
    else:
        image = Gimp.get_images()[0]
    if OPTIONS.get("size"):
        image.scale(*OPTIONS["size"])
    if OPTIONS.get("indexed"):
        image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    if OPTIONS.get("values") or OPTIONS.get("styles"):
        styles = [{"id": id, "title": "", "weight": 1, "picture": ""} for id in OPTIONS.get("styles", ["great-wave"])]
        styles = OPTIONS.get("pictures", styles)
        recipe = {"impasto": 1, "styles": styles, "values": OPTIONS.get("values", {})}
        data = list(json.dumps(recipe).encode())
        image.get_layers()[0].attach_parasite(Gimp.Parasite.new(RECIPE, Gimp.PARASITE_PERSISTENT, data))
    if not OPTIONS.get("picture"):
        Gimp.Display.new(image)
    return image


def tell(image, over):
    """The image as it is, as a file for the test."""
    layers = [
        {
            "name": layer.get_name(),
            "id": layer.get_id(),
            "box": [*layer.get_offsets()[-2:], layer.get_width(), layer.get_height()],
            "mask": layer.get_mask() is not None,
            "text": layer.is_text_layer() and not (hasattr(layer, "is_rasterized") and layer.is_rasterized()),
            "recipe": layer.get_parasite(RECIPE) is not None,
            "source": source.get_name() if (source := source_of(image, layer)) else None,
        }
        for layer in image.get_layers()
    ]
    with open(os.path.join(LAB, "image.part"), "w") as file:
        json.dump({"layers": layers, "base": image.get_base_type().value_nick, "closed": over}, file)
    os.rename(os.path.join(LAB, "image.part"), os.path.join(LAB, "image.json"))


image = opened()
for time_ in range(OPTIONS.get("times", 1)):
    if OPTIONS.get("select") and time_ == 0:
        image.select_rectangle(Gimp.ChannelOps.REPLACE, *OPTIONS["select"])
    else:
        Gimp.Selection.none(image)
    call(PAINT, image, [image.get_layers()[0]], run_mode=Gimp.RunMode.INTERACTIVE)
    tell(image, time_ + 1)
if OPTIONS.get("repeat"):
    call(REPEAT, image, image.get_selected_layers())
while not os.path.exists(os.path.join(LAB, "enough")):
    tell(image, OPTIONS.get("times", 1))
    time.sleep(0.1)
sys.stdout.flush()
