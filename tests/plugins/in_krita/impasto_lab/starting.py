"""A daemon that is not there: not installed, started by the plug-in, with another token, killed in the middle."""

import json
import os
import signal

import impasto_neural_style

from .cases import LAB, OPTIONS, children, settled
from .troubles import LONG, base

RUNTIME = os.path.join(LAB, "run", "daemon.json")
COMMAND = os.path.join(os.path.dirname(impasto_neural_style.__file__), "command.json")
CASES = []


def case(function):
    CASES.append(function)
    return function


def write(file, content):
    with open(file, "w", encoding="utf-8") as opened:
        json.dump(content, opened)


def read(file):
    with open(file, encoding="utf-8") as opened:
        return json.load(opened)


@case
def it_is_not_installed():
    made, node = base()
    painting = impasto_neural_style.paint(made, node, "great-wave")
    yield settled(painting)
    assert painting.state == "failed" and "pip install impasto" in painting.sentence, painting.sentence


@case
def it_is_started():
    write(
        COMMAND,
        {
            "serve": OPTIONS["serve"],
            "runtime": RUNTIME,
            "log": os.path.join(LAB, "daemon.log"),
            "environment": OPTIONS["environment"],
        },
    )
    made, node = base()
    painting = impasto_neural_style.paint(made, node, "great-wave", iterations=3, step_size=0.01, method="iterative")
    yield settled(painting)
    assert painting.state == "done" and children(made) == ["content", "great-wave"], painting.sentence


@case
def it_is_killed_in_the_middle_and_started_again():
    made, node = base()
    painting = impasto_neural_style.paint(made, node, "great-wave", **dict(LONG, iterations=60))
    yield lambda: painting.job.get("state") == "running" and painting.fraction > 0
    before = read(RUNTIME)["pid"]
    os.kill(before, signal.SIGKILL)
    yield settled(painting)
    assert painting.state == "done" and children(made) == ["content", "great-wave"], painting.sentence
    assert read(RUNTIME)["pid"] != before


@case
def its_token_is_another():
    true = read(RUNTIME)
    write(RUNTIME, dict(true, token="wrong"))
    made, node = base()
    painting = impasto_neural_style.paint(made, node, "great-wave")
    yield settled(painting)
    write(RUNTIME, true)
    assert painting.state == "failed" and "token" in painting.sentence, painting.sentence
