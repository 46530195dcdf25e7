"""The daemon and its troubles, as the plug-in meets them. What has to happen outside is asked of the test by files."""

import json
import os
import sys
import time

from cases import LAB, OPTIONS, Gimp, case, get, paint, picture, refused, run  # noqa: I001

PLUGIN = os.path.join(LAB, "profile/plug-ins/impasto-neural-style")
sys.path.insert(0, PLUGIN)
import daemon as daemons  # noqa: E402
import layers  # noqa: E402
import noninteractive  # noqa: E402
import paint_options  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from target import Target  # noqa: E402

QUICK = {"iterations": 3, "step_size": 0.01}
COMMAND = os.path.join(PLUGIN, "command.json")


def request(action):
    """Have something done outside, and wait until it is."""
    file = os.path.join(LAB, "request-" + action)
    with open(file, "w"):
        pass
    while os.path.exists(file):
        time.sleep(0.02)


def starts_with(*words):
    """What the installer would have written down."""
    with open(COMMAND, "w", encoding="utf-8") as file:
        json.dump({"serve": list(words)}, file)


def starts_it():
    """A program that has the test start the daemon, and stays as a daemon does."""
    program = os.path.join(LAB, "serve")
    with open(program, "w") as file:
        file.write(f"#!/bin/sh\ntouch {LAB}/request-start\nsleep 20\n")
    os.chmod(program, 0o755)
    starts_with(program)


def painted_here(image, layer, on_progress, **values):
    """The plug-in's own code in this process, so that something can happen in the middle of a job."""
    wanted = paint_options.PaintOptions(Recipe([Style("great-wave")], dict({"iterations": 60, "step_size": 0.05}, **values)))
    return noninteractive.paint(Target(image, layer), wanted, daemons.find_or_start(), on_progress)


def once(job, step, action, done=[]):  # noqa: B006
    """Call ``action`` at a job's step, one time."""
    if job.get("step", 0) >= step and job["id"] not in done:
        done.append(job["id"])
        action()


@case
def it_is_not_installed():
    image, layer = picture()
    message = refused(image, [layer], "is not installed", **QUICK)
    assert "pip install impasto" in message and "impasto plugins install gimp" in message


@case
def it_does_not_start():
    image, layer = picture()
    starts_with("/bin/false")
    began = time.monotonic()
    assert "impasto doctor" in refused(image, [layer], "did not start", **QUICK)
    assert time.monotonic() - began < 10


@case
def it_is_started():
    image, layer = picture()
    starts_it()
    assert get(paint(image, layer, **QUICK), "R'G'B' u8") != get(layer, "R'G'B' u8")


@case
def a_stale_runtime_file_is_no_daemon():
    image, layer = picture()
    request("kill")  # its runtime file stays behind
    paint(image, layer, **QUICK)


@case
def the_daemons_own_failure_is_told():
    image, layer = picture()
    message = refused(image, [layer], "not enough memory", seed=OPTIONS["fails"], **QUICK)
    assert "Set resolution to 64 or less" in message


@case
def a_worker_that_dies_is_told():
    image, layer = picture()
    refused(image, [layer], "", seed=OPTIONS["dies"], **QUICK)
    paint(image, layer, **QUICK)


@case
def the_token_is_wrong():
    image, layer = picture()
    request("falsify")
    assert "impasto stop" in refused(image, [layer], "did not accept this plug-in's token", **QUICK)
    request("kill")


@case
def the_version_is_another():
    image, layer = picture()
    request("impostor")
    assert "impasto plugins install gimp" in refused(image, [layer], "do not fit together", **QUICK)
    request("depose")


@case
def killed_in_mid_job_it_is_started_again_and_goes_on():
    image, layer = picture()
    new = painted_here(image, layer, lambda job: once(job, 5, lambda: request("kill")))
    assert new.is_valid() and image.get_layers() == [new, layer]


@case
def killed_in_mid_job_and_gone_for_good():
    image, layer = picture()
    os.rename(COMMAND, COMMAND + ".away")
    try:
        try:
            painted_here(image, layer, lambda job: once(job, 5, lambda: request("kill")))
        except daemons.DaemonError as error:
            assert "does not answer any more" in str(error) and "its result is kept" in str(error)
        else:
            raise AssertionError("painted by nobody")
    finally:
        os.rename(COMMAND + ".away", COMMAND)
    assert image.get_layers() == [layer]


@case
def the_image_is_closed_in_mid_job():
    image, layer = picture()
    ids = []

    def on_progress(job):
        ids.append(job["id"])
        once(job, 2, image.delete)

    try:
        painted_here(image, layer, on_progress, iterations=10)
    except layers.UnsupportedLayer as unsupported:
        assert "closed" in str(unsupported) and "kept by the daemon" in str(unsupported)
    else:
        raise AssertionError("inserted into nothing")
    with open(os.path.join(LAB, "orphan"), "w") as file:
        file.write(ids[-1])


@case
def the_layer_is_deleted_in_mid_job():
    image, layer = picture()
    new = painted_here(image, layer, lambda job: once(job, 2, lambda: image.remove_layer(layer)), iterations=10)
    assert image.get_layers() == [new]


@case
def the_selection_changes_in_mid_job():
    image, layer = picture()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    new = painted_here(image, layer, lambda job: once(job, 2, lambda: Gimp.Selection.none(image)), iterations=10)
    assert new.get_mask() is not None and (new.get_width(), new.get_height()) == (30, 25)


run()
