"""Jobs that do what a test tells them, for a worker that needs no torch. ``parameters["script"]`` names one."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from impasto.errors import NumericalFailure

CROWDED, DEADLY = 1, 2
"""Seeds of stylizations that a worker with limits has no memory for, or dies over."""


def table(settings, paths, **limits):
    """Every kind of job does what its script says; a plain stylization what its seed says; a plain training waits for the file
    that it is named after."""

    def work(order, report, control):
        if order.kind == "train" and "script" not in order.parameters:
            return gate(order, report, control, order.parameters["name"][0])
        seed = order.parameters.get("seed") if limits else None
        script = {CROWDED: "exhaust", DEADLY: "crash"}.get(seed) or order.parameters.get("script", "quick")
        return SCRIPTS[script](order, report, control, **order.parameters.get("with", {}))

    return {kind: work for kind in ("stylize", "train", "pull")}


def quick(order, report, control, text="picture"):
    (order.folder / "result.png").write_text(text, encoding="utf-8")
    return {"file": "result.png", "media_type": "image/png", "pid": os.getpid()}


def echo(order, report, control):
    files = {file.name: file.read_text(encoding="utf-8") for file in order.folder.iterdir()}
    return {**quick(order, report, control), "files": files, "parameters": order.parameters, "output": order.output}


def steps(order, report, control, total=1000, pause=0.02):
    """Well-behaved: progress, a preview with each, looks at cancel and finish between steps."""
    report("phase", phase="painting")
    for step in range(1, total + 1):
        control.check()
        (order.folder / "preview.png").write_text(str(step), encoding="utf-8")
        report("preview")
        report("progress", step=step, total=total, fraction=step / total, losses={"total": 1.0 / step}, scale=1, scales=1)
        if control.finishing:
            report("note", text=f"Stopped at {step}.")
            break
        time.sleep(pause)
    return {**quick(order, report, control), "finished_early": step < total}


def gate(order, report, control, file):
    """Runs until ``file`` exists or it is cancelled."""
    report("phase", phase="painting")
    while not Path(file).exists():
        control.check()
        time.sleep(0.01)
    return quick(order, report, control)


def stubborn(order, report, control):
    report("phase", phase="painting")
    time.sleep(600)


def shouting(order, report, control):
    """Deaf to everything, and never silent."""
    while True:
        report("progress", step=1, total=2, fraction=0.5)


def parent(order, report, control, note):
    """Deaf, with a child of its own whose number it writes down."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(note).write_text(str(child.pid), encoding="utf-8")
    report("phase", phase="painting")
    time.sleep(600)


def crash(order, report, control):
    report("phase", phase="painting")
    (order.folder / ".half.part").write_text("half", encoding="utf-8")
    os._exit(3)


def crash_once(order, report, control, marker):
    if not Path(marker).exists():
        Path(marker).touch()
        crash(order, report, control)
    return quick(order, report, control)


def last_words(order, report, control, words):
    print(words, file=sys.stderr, flush=True)
    os._exit(1)


def garbage(order, report, control):
    print("a library says hello")
    print(json.dumps({"event": "done", "job": order.id, "result": {"forged": True}}), flush=True)
    os.write(1, b"\xff\xfe\x00 not even text\n")
    subprocess.run([sys.executable, "-c", "print('a child says hello')"], check=True)
    return {**quick(order, report, control), "stdin": sys.stdin.read()}


def refuse(order, report, control):
    raise NumericalFailure("Numbers went wrong.", hint="Lower step_size.")


def blunder(order, report, control):
    raise ValueError("/secret/path is none of the user's business")


def exhaust(order, report, control):
    raise MemoryError


def exhaust_late(order, report, control, marker, times):
    """Runs out of memory so many times, after its first checkpoint."""
    tried = len(Path(marker).read_text()) if Path(marker).exists() else 0
    Path(marker).write_text("x" * (tried + 1))
    (order.folder / "checkpoint.pt").write_text("where it stands", encoding="utf-8")
    if tried < times:
        raise MemoryError
    return quick(order, report, control)


def full(order, report, control):
    raise OSError(errno.ENOSPC, "no space", "/secret/path")


def numbers(order, report, control):
    report("progress", step=1, total=2, fraction=float("nan"))


SCRIPTS = {name: function for name, function in globals().items() if callable(function) and name not in ("table", "Path")}
