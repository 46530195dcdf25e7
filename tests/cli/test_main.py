"""Exit codes, errors in words, and what happens to errors that nobody expected."""

from __future__ import annotations

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
    told = impasto(*arguments)
    assert told.code == code
    assert all(word in told.err for word in words), told.err
    assert "Traceback" not in told.err + told.out


def test_version(impasto):
    assert impasto("--version").out == f"impasto {__version__}\n"


def test_an_error_is_said_once_with_its_hint_below(impasto):
    told = impasto("url")
    assert told.err == "error: No daemon is running.\nhint: Start it with: impasto serve\n"
    assert told.out == ""


def test_what_nobody_expected_is_one_sentence_without_paths(impasto, monkeypatch):
    def fail():
        raise RuntimeError("/home/somebody/secret")

    monkeypatch.setattr(parameters_module, "page", fail)
    told = impasto("parameters")
    assert told.code == 1
    assert "RuntimeError" in told.err and "--debug" in told.err and "secret" not in told.err and "Traceback" not in told.err


def test_debug_shows_where(monkeypatch):
    from impasto.cli import main

    monkeypatch.setattr(parameters_module, "page", lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        main(["--debug", "parameters"])


def test_ctrl_c_is_calm(impasto, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(parameters_module, "page", interrupted)
    told = impasto("parameters")
    assert told.code == 130 and "Interrupted." in told.err and "Traceback" not in told.err


def test_a_wrong_environment_is_an_error_of_the_caller(impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_PROT", "1")
    told = impasto("url")
    assert told.code == 2 and "IMPASTO_PROT" in told.err and "'port'" in told.err
