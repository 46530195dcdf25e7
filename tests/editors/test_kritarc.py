"""One line goes into Krita's settings and comes out again; every other byte stays."""

from __future__ import annotations

import pytest
from impasto.editors.kritarc import is_on, switched

NAME = "impasto_neural_style"
LINE = b"enable_impasto_neural_style=true"


@pytest.mark.parametrize(
    "before, after",
    [
        (b"", b"[python]\n" + LINE + b"\n"),
        (b"[theme]\nTheme=Breeze\n", b"[theme]\nTheme=Breeze\n\n[python]\n" + LINE + b"\n"),
        (b"[theme]\nTheme=Breeze", b"[theme]\nTheme=Breeze\n\n[python]\n" + LINE + b"\n"),
        (b"[python]\nenable_scripter=true\n\n[theme]\na=b\n", b"[python]\nenable_scripter=true\n" + LINE + b"\n\n[theme]\na=b\n"),
        (b"[python]\n\n[theme]\n", b"[python]\n" + LINE + b"\n\n[theme]\n"),
        (b"[python]\nenable_x=true", b"[python]\nenable_x=true\n" + LINE + b"\n"),
        (b"a=b\r\n[python]\r\nenable_x=true\r\n", b"a=b\r\n[python]\r\nenable_x=true\r\n" + LINE + b"\r\n"),
        (
            b"# note\n[python]\n# enable_impasto_neural_style=false\n",
            b"# note\n[python]\n# enable_impasto_neural_style=false\n" + LINE + b"\n",
        ),
        (b"[python]\nenable_impasto_neural_style=false\nz=1\n", b"[python]\n" + LINE + b"\nz=1\n"),
        (b"[python]\nenable_impasto_neural_style = false\nenable_impasto_neural_style=false\n", b"[python]\n" + LINE + b"\n"),
        (
            b"[python][more]\nenable_impasto_neural_style=false\n",
            b"[python][more]\nenable_impasto_neural_style=false\n\n[python]\n" + LINE + b"\n",
        ),
        (
            b"Name=Zo\xc3\xab\\x2f\xff\n[python]\nenable_impasto_neural_style_2=false\n",
            b"Name=Zo\xc3\xab\\x2f\xff\n[python]\nenable_impasto_neural_style_2=false\n" + LINE + b"\n",
        ),
    ],
)
def test_switching_on(before, after):
    assert switched(before, NAME, True) == after
    assert is_on(after, NAME) and switched(after, NAME, True) == after, "a second time changes nothing"
    assert LINE not in switched(after, NAME, False) and not is_on(switched(after, NAME, False), NAME)


@pytest.mark.parametrize(
    "content, rest",
    [
        (b"[python]\nenable_scripter=true\n\n[theme]\n", b""),
        (b"a=b\r\n[python]\r\nx=y\r\n", b""),
        (b"[theme]\nTheme=x\n", b"\n[python]\n"),
    ],
)
def test_on_and_off_leaves_what_was_there(content, rest):
    assert switched(switched(content, NAME, True), NAME, False) == content + rest
    assert switched(content, NAME, False) == content


@pytest.mark.parametrize("value, on", [(b"true", True), (b"True", True), (b"1", True), (b"false", False), (b"", False)])
def test_what_krita_reads_as_on(value, on):
    assert is_on(b"[python]\nenable_impasto_neural_style=" + value + b"\n", NAME) is on
    assert not is_on(b"[other]\nenable_impasto_neural_style=" + value + b"\n", NAME)
