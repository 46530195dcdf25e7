"""What a report may say about the machine that it comes from: no token, and no names of users, machines and folders."""

from __future__ import annotations

import contextlib
import getpass
import platform
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PATH = re.compile(r"""(?<![\w<>.~:/\\])(?:[A-Za-z]:)?(?:[/\\](?!v1\b)[^\s/\\'"<>:,;]+){2,}""")
"""Anything that looks like a place on a disk; the API's own addresses do not."""


def private_words(token: str = "") -> dict[str, str]:
    """Word -> what stands in its place: the token, the home folder, the user's and the machine's names."""
    words = {token: "<token>", str(Path.home()): "~", platform.node(): "<machine>"}
    with contextlib.suppress(OSError, KeyError, ImportError):  # no user name to be had, none to hide
        words[getpass.getuser()] = "<user>"
    return {word: name for word, name in words.items() if len(word) > 2}


def redacted(value: Any, words: Mapping[str, str]) -> Any:
    """``value`` (JSON types) with every one of ``words`` replaced, wherever it stands as a word of its own."""
    if isinstance(value, Mapping):
        return {key: redacted(inner, words) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted(inner, words) for inner in value]
    if isinstance(value, str):
        for word in sorted(words, key=len, reverse=True):
            name = words[word].replace("\\", r"\\")
            value = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", name, value)
    return value


def without_paths(text: str) -> str:
    """``text`` with everything that looks like a path taken out."""
    return _PATH.sub("<path>", text)
