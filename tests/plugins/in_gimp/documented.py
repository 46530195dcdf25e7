"""The scripts of docs/gimp.md, as they stand there: the one in Python in a folder with a picture, the one in Scheme on a layer."""

import os

from cases import LAB, Gimp, picture

os.chdir(LAB)
with open("paint.py", encoding="utf-8") as opened:
    exec(opened.read(), {})

image, layer = picture()
with open("documented.scm", encoding="utf-8") as opened:
    code = f"(let* ((image {image.get_id()}) (layer {layer.get_id()})) {opened.read()})"
evaluate = Gimp.get_pdb().lookup_procedure("plug-in-script-fu-eval")
config = evaluate.create_config()
config.set_property("run-mode", Gimp.RunMode.NONINTERACTIVE)
config.set_property("script", code)
result = evaluate.run(config)
done = result.index(0) == Gimp.PDBStatusType.SUCCESS
print("SCHEME", "PAINTED" if done else "FAILED", image.get_layers()[0].get_name(), "" if done else result.index(1))
