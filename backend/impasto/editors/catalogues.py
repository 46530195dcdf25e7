"""Translations: gettext's .po files read, and the .mo files that Python's own gettext reads written.

The repository holds the .po files alone; whoever installs a plug-in compiles them. Plural forms and contexts are not used.
"""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass

MAGIC = 0x950412DE


@dataclass
class Message:
    """One text: ``id`` is the English one, ``text`` its translation (empty: none yet), ``notes`` the comment lines above it."""

    id: str
    text: str = ""
    notes: tuple[str, ...] = ()

    @property
    def fuzzy(self) -> bool:
        """Whether the translation is of an older text and waits to be looked at."""
        return any(note.startswith("#,") and "fuzzy" in note for note in self.notes)


def read(po: str) -> list[Message]:
    """The messages of a .po file, the head (id "") among them. Raises ValueError where it is not well formed."""
    messages: list[Message] = []
    notes: list[str] = []
    field = ""
    for number, line in enumerate(map(str.strip, po.splitlines()), 1):
        keyword, _, rest = line.partition(" ")
        if line.startswith("#"):
            if not line.startswith("#~"):
                notes.append(line)
        elif keyword == "msgid":
            messages.append(Message(_string(rest, number), notes=tuple(notes)))
            notes, field = [], "id"
        elif keyword == "msgstr" and field == "id":
            messages[-1].text, field = _string(rest, number), "text"
        elif line.startswith('"') and field:
            setattr(messages[-1], field, getattr(messages[-1], field) + _string(line, number))
        elif line:
            raise ValueError(f"line {number} is not understood: {line}")
    return messages


def _string(quoted: str, number: int) -> str:
    try:
        text = ast.literal_eval(quoted)
    except (SyntaxError, ValueError):
        text = None
    if not isinstance(text, str) or not quoted.startswith('"'):
        raise ValueError(f"line {number} is no string: {quoted}")
    return text


def compiled(po: str) -> bytes:
    """The .mo file of a .po file: what is translated, and not fuzzy."""
    pairs = sorted((m.id.encode(), m.text.encode()) for m in read(po) if m.text and not m.fuzzy)
    start = 28 + 16 * len(pairs)
    tables: tuple[list[int], list[int]] = ([], [])
    data = b""
    for table, strings in zip(tables, zip(*pairs, strict=True) if pairs else ((), ()), strict=True):
        for string in strings:
            table += [len(string), start + len(data)]
            data += string + b"\0"
    head = (MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start)
    return struct.pack(f"<7I{4 * len(pairs)}I", *head, *tables[0], *tables[1]) + data


def written(messages: list[Message]) -> str:
    """The .po file of ``messages``, one string a line, longer ones broken after line breaks."""
    blocks = []
    for message in messages:
        blocks.append("\n".join([*message.notes, f"msgid {_quoted(message.id)}", f"msgstr {_quoted(message.text)}"]) + "\n")
    return "\n".join(blocks)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    lines = escaped.split("\n")
    if len(lines) == 1:
        return f'"{escaped}"'
    pieces = [line + "\\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return "\n".join(['""', *(f'"{piece}"' for piece in pieces)])
