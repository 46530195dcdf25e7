"""Krita's settings file: a plug-in is switched on by one line in it, and no other byte is touched.

The file is KConfig's: groups in square brackets, ``key=value`` lines, UTF-8. Krita writes it by groups and keeps what it did not
change itself, so this can be done while Krita runs.
"""

from __future__ import annotations

import re

SECTION = b"[python]"


def switched(content: bytes, module: str, on: bool) -> bytes:
    """``content`` with the plug-in ``module`` switched on, or without a word of it."""
    key = b"enable_" + module.encode()
    lines = content.splitlines(keepends=True)
    ending = b"\r\n" if lines and lines[0].endswith(b"\r\n") else b"\n"
    inside, last, found, kept = False, None, False, []
    for line in lines:
        stripped = line.strip()
        if stripped.startswith(b"["):
            inside = stripped == SECTION
        ours = inside and re.split(rb"[=\[\s]", stripped, maxsplit=1)[0] == key
        if ours and (found or not on):
            continue
        if ours:
            found, line = True, key + b"=true" + ending
        kept.append(line)
        if inside and stripped:
            last = len(kept)  # where a new line of this section would go
    if found or not on:
        return b"".join(kept)
    wanted = key + b"=true" + ending
    if last is not None:
        if not kept[last - 1].endswith(b"\n"):
            kept[last - 1] += ending
        return b"".join([*kept[:last], wanted, *kept[last:]])
    whole = b"".join(kept)
    gap = (b"" if whole.endswith(b"\n") else ending) + ending if whole else b""
    return whole + gap + SECTION + ending + wanted


def is_on(content: bytes, module: str) -> bool:
    """Whether the plug-in ``module`` is switched on."""
    inside, on = False, False
    for line in (line.strip() for line in content.splitlines()):
        if line.startswith(b"["):
            inside = line == SECTION
        elif inside and line.partition(b"=")[0].strip() == b"enable_" + module.encode():
            on = line.partition(b"=")[2].strip().lower() in (b"true", b"1", b"yes", b"on")
    return on
