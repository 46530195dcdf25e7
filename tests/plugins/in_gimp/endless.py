"""A painting that takes long; the test kills GIMP in the middle."""

import os
import sys

from cases import LAB, picture  # noqa: I001

sys.path.insert(0, os.path.join(LAB, "profile/plug-ins/impasto-neural-style"))
import daemon  # noqa: E402
import noninteractive  # noqa: E402
import paint_options  # noqa: E402
from impasto_client import wire  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from target import Target  # noqa: E402

wire.stylize.__defaults__ = (3,)  # a lease of three seconds, so that the test need not wait for the real one
image, layer = picture()
long = paint_options.PaintOptions(Recipe([Style("great-wave")], {"iterations": 5000, "step_size": 0.05}))


def on_progress(job):
    with open(os.path.join(LAB, "job"), "w") as file:
        file.write(job["id"] if job.get("step", 0) > 2 else "")


noninteractive.paint(Target(image, layer), long, daemon.find_or_start(), on_progress)
