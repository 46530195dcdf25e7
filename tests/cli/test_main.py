"""Exit codes, errors in words, and what happens to errors that nobody expected."""

from __future__ import annotations

import subprocess
import sys

import pytest
from impasto import __version__
from impasto.cli import parameters as parameters_module


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (["--version"], 0, []),
        (["servr"], 2, ["servr", "Did you mean 'serve'?"]),
        (["xyzzy"], 2, ["xyzzy"]),
        (["--nonsense"], 2, ["--nonsense"]),
        (["stylize"], 2, ["CONTENT"]),
        (["stylize", "a.png", "b.png"], 2, ["--output"]),
        (["stylize", "a.png", "b.png", "-o", "c.png", "--stength", "1"], 2, ["--stength", "--strength"]),
        (["jobs"], 2, ["Usage: impasto jobs"]),
        (["jobs", "show"], 2, ["ID"]),
        (["serve", "--port", "x"], 2, ["port", "0 to 65535"]),
        (["serve", "--precision", "fp64"], 2, ["precision", "fp32"]),
        (["--config", "missing.yaml", "url"], 2, ["missing.yaml", "cannot be read"]),
        (["url"], 1, ["No daemon is running", "impasto serve"]),
        (["auth"], 1, ["No daemon is running"]),
        (["stop"], 1, ["No daemon is running"]),
        (["open"], 1, ["No daemon is running"]),
        (["jobs", "list"], 1, ["No daemon is running"]),
    ],
)
def test_exit_codes_and_errors(impasto, arguments, code, words):
    reply = impasto(*arguments)
    assert reply.code == code
    assert all(word in reply.err for word in words), reply.err
    assert "Traceback" not in reply.err + reply.out


def test_version(impasto):
    assert impasto("--version").out == f"impasto {__version__}\n"


def test_an_error_is_said_once_with_its_hint_below(impasto):
    reply = impasto("url")
    assert reply.err == "error: No daemon is running.\nhint: Start it with: impasto serve\n"
    assert reply.out == ""


def test_what_nobody_expected_is_one_sentence_without_paths(impasto, monkeypatch):
    def fail():
        raise RuntimeError("/home/somebody/secret")

    monkeypatch.setattr(parameters_module, "page", fail)
    reply = impasto("parameters")
    assert reply.code == 1
    assert "RuntimeError" in reply.err and "--debug" in reply.err and "secret" not in reply.err and "Traceback" not in reply.err


def test_debug_shows_where(monkeypatch):
    from impasto.cli import main

    monkeypatch.setattr(parameters_module, "page", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "parameters"])


def test_ctrl_c_is_calm(impasto, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(parameters_module, "page", interrupted)
    reply = impasto("parameters")
    assert reply.code == 130 and "Interrupted." in reply.err and "Traceback" not in reply.err


def test_a_wrong_environment_is_an_error_of_the_caller(impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_PROT", "1")
    reply = impasto("url")
    assert reply.code == 2 and "IMPASTO_PROT" in reply.err and "'port'" in reply.err


@pytest.mark.slow
@pytest.mark.parametrize("module", ["impasto", "impasto.cli"])  # what torchrun starts, and what installed plug-ins may start
def test_it_is_a_module_that_can_be_run(module):
    told = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, timeout=60)
    assert told.stdout.strip() == f"impasto {__version__}"
