"""What the workers do in these tests: no torch, a known number of known steps, and failures on demand.

``iterations`` is the number of steps, ``step_size`` the seconds each takes; ``seed`` chooses a fate.
"""

from __future__ import annotations

import os
import time

import numpy as np
from impasto import images
from impasto.disk import write_whole
from impasto.errors import OutOfMemory
from impasto.formats import FORMATS
from impasto.models import FastHeader, fast, refined_styles
from impasto.task import REFINED

FAILS, DIES, REFINES = 666, 667, 668
"""The fates: there is not enough memory; the worker dies; a new style is refined, which can be kept."""


def table(settings, paths, **limits):
    return {"stylize": stylize, "pull": pull}


def stylize(order, report, control):
    content = images.decode((order.folder / "content").read_bytes(), images.Limits())
    style = images.decode((order.folder / "style-0").read_bytes(), images.Limits())
    steps = order.parameters["iterations"] or 45
    if order.parameters["seed"] == FAILS:
        raise OutOfMemory(
            "There was not enough memory to paint at 64 x 48.", hint="Set resolution to 64 or less.", field="resolution"
        )
    if order.parameters["seed"] == DIES:
        os._exit(3)
    report("phase", phase="painting")
    target = style.rgb.mean(axis=(0, 1))
    for step in range(1, steps + 1):
        control.check()
        share = order.parameters["strength"] * step / steps
        painted = content.rgb * (1 - share) + target * share
        report(
            "progress", step=step, total=steps, fraction=step / steps, scale=1, scales=1, width=content.width, height=content.height
        )
        write_whole(order.folder / "preview.png", images.to_png8(painted))
        report("preview")
        if control.finishing:
            break
        time.sleep(order.parameters["step_size"])
    control.check()
    name = order.output["format"]
    form = FORMATS[name]
    if order.output.get("strip"):
        content = images.stripped(content)
    data = images.encode(images.repaint(content, painted.astype(np.float32)), name)
    write_whole(order.folder / f"result{form.extension}", data)
    refines = order.parameters["seed"] == REFINES
    if refines:
        header = FastHeader("lean:8x1", 5, (refined_styles.refined_style(0, (1, 2, 3, 4)),), training={"steps": 7})
        fast.write(order.folder / REFINED, {"a.weight": np.ones((2, 3), np.float32)}, header)
    return {
        "file": f"result{form.extension}",
        "format": name,
        "media_type": form.media_type,
        "width": content.width,
        "height": content.height,
        "steps": step,
        "finished_early": step < steps,
        **({"refined": [0]} if refines else {}),
    }


def pull(order, report, control):
    report("progress", fraction=1.0, done_bytes=10, total_bytes=10)
    return {}
