"""Opens the window on a picture, as often as the test says, and writes down what has become of the image meanwhile."""

import json
import os
import sys
import time

from cases import LAB, OPTIONS, PAINT, REPEAT, Gimp, add_layer, call

RECIPE = "impasto-recipe"


def opened():
    if not OPTIONS.get("picture"):
        image = Gimp.Image.new(160, 120, Gimp.ImageBaseType.RGB)
        add_layer(image, "content", (160, 120), OPTIONS.get("alpha", True))
    else:
        image = Gimp.get_images()[0]
    if OPTIONS.get("size"):
        image.scale(*OPTIONS["size"])
    if OPTIONS.get("indexed"):
        image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    if OPTIONS.get("values"):
        recipe = {
            "impasto": 1,
            "styles": [{"id": "great-wave", "title": "", "weight": 1, "picture": ""}],
            "values": OPTIONS["values"],
        }
        data = list(json.dumps(recipe).encode())
        image.get_layers()[0].attach_parasite(Gimp.Parasite.new(RECIPE, Gimp.PARASITE_PERSISTENT, data))
    if not OPTIONS.get("picture"):
        Gimp.Display.new(image)
    return image


def source_of(image, layer):
    """Name of the layer that this one was painted from."""
    parasite = layer.get_parasite("impasto-source")
    return image.get_layer_by_tattoo(int(bytes(parasite.get_data()))).get_name() if parasite else None


def tell(image, over):
    """The image as it is, as a file for the test."""
    layers = [
        {
            "name": layer.get_name(),
            "id": layer.get_id(),
            "size": [layer.get_width(), layer.get_height()],
            "recipe": layer.get_parasite(RECIPE) is not None,
            "source": source_of(image, layer),
        }
        for layer in image.get_layers()
    ]
    with open(os.path.join(LAB, "image.part"), "w") as file:
        json.dump({"layers": layers, "base": image.get_base_type().value_nick, "closed": over}, file)
    os.rename(os.path.join(LAB, "image.part"), os.path.join(LAB, "image.json"))


image = opened()
for time_ in range(OPTIONS.get("times", 1)):
    call(PAINT, image, [image.get_layers()[0]], run_mode=Gimp.RunMode.INTERACTIVE)
    tell(image, time_ + 1)
if OPTIONS.get("repeat"):
    call(REPEAT, image, [image.get_layers()[-1]])
while not os.path.exists(os.path.join(LAB, "enough")):
    tell(image, OPTIONS.get("times", 1))
    time.sleep(0.1)
sys.stdout.flush()
