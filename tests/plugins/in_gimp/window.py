"""Opens the window on a picture, waits until it is closed, and writes down what has become of the image."""

import json
import os

from cases import LAB, PAINT, TOLD, Gimp, Gio, call

image = Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(os.path.join(LAB, TOLD["picture"])))
if TOLD.get("indexed"):
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
display = Gimp.Display.new(image)
told = []
for _ in range(TOLD.get("times", 1)):
    done, message, new = call(PAINT, image, [image.get_layers()[0]], run_mode=Gimp.RunMode.INTERACTIVE)
    layers = [{"name": layer.get_name(), "size": [layer.get_width(), layer.get_height()], "mask": layer.get_mask() is not None,
               "recipe": layer.get_parasite("impasto-recipe") is not None} for layer in image.get_layers()]
    told.append({"done": done, "message": message, "new": new.get_name() if new else None, "layers": layers,
                 "type": image.get_base_type().value_nick})
    with open(os.path.join(LAB, "told-back.part"), "w") as file:
        json.dump(told, file)
    os.rename(os.path.join(LAB, "told-back.part"), os.path.join(LAB, "told-back.json"))
