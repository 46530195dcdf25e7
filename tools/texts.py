"""Gather the texts of both plug-ins into the catalogues beside the client, and say what waits to be translated.

    python tools/texts.py           plugins/client/impasto_client/locale/*/LC_MESSAGES/impasto.po

A text is a string in the source that goes through ``_`` or ``translate``, a constant of the client's `messages`, or what the table
of parameters says. New texts come in empty, or with the translation of a similar one that is gone, marked fuzzy; a test fails while
any is left so, or is not in the catalogues. For another language make its folder with an empty impasto.po, and run this.
"""

from __future__ import annotations

import ast
import difflib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from impasto.editors.catalogues import Message, read, written

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"
LOCALE = PLUGINS / "client" / "impasto_client" / "locale"
TRANSLATORS = {"_", "translate"}
CONSTANTS = {"messages.py"}
"""Modules of the client whose constants in capitals are texts."""

ALIKE = 0.6
"""How near a new text must be to one that is gone to be offered its translation."""

HEAD = """Project-Id-Version: Impasto
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: 8bit
Language: {language}
"""


def texts() -> dict[str, list[str]]:
    """Every text in the plug-ins' sources, with the files that it is in, in the order of their appearance."""
    found: dict[str, list[str]] = {}
    for file in sorted(PLUGINS.rglob("*.py")):
        name = file.relative_to(PLUGINS).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        strings = list(_translated(tree)) + (list(_constants(tree)) if file.name in CONSTANTS else [])
        for _line, text in sorted(strings):
            places = found.setdefault(text, [])
            if name not in places:
                places.append(name)
    for text in _parameters():
        found.setdefault(text, ["client/impasto_client/parameters.py"])
    return found


def _translated(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What is handed to a translator, wherever in its argument the strings are: alone, as a choice of two, or in a table."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) in TRANSLATORS and node.args:
            yield from _strings(node.args[0])


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _strings(node: ast.expr) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.lineno, node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)
    elif isinstance(node, ast.Subscript):
        yield from _strings(node.value)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _strings(value)
    elif isinstance(node, (ast.Tuple, ast.List)):
        for value in node.elts:
            yield from _strings(value)
    elif isinstance(node, ast.Call) and _name(node.func) == "get" and isinstance(node.func, ast.Attribute):
        yield from _strings(node.func.value)
        for value in node.args[1:]:
            yield from _strings(value)


def _constants(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and all(isinstance(t, ast.Name) and t.id.isupper() for t in node.targets):
            yield from _strings(node.value)


def _parameters() -> Iterator[str]:
    """What the table of parameters says, where a plug-in shows it."""
    sources = " ".join(file.read_text(encoding="utf-8") for file in PLUGINS.rglob("*.py") if file.name != "parameters.py")
    if '_(p["help"])' in sources:
        from impasto.stylization import Stylization

        yield from (p.help for p in Stylization.parameters() if p.name not in ("style", "style_weights"))


def merged(language: str, po: str, found: dict[str, list[str]]) -> str:
    """The catalogue ``po`` with exactly the texts ``found``."""
    old = {message.id: message for message in read(po)}
    gone = [id for id, message in old.items() if id and id not in found and message.text]
    messages = [old.get("") or Message("", HEAD.format(language=language))]
    for id, files in found.items():
        places = (f"#: {' '.join(files)}",)
        if id in old:
            kept = tuple(note for note in old[id].notes if not note.startswith("#:"))
            messages.append(replace(old[id], notes=(*places, *kept)))
            continue
        near = difflib.get_close_matches(id, gone, 1, ALIKE)
        messages.append(Message(id, old[near[0]].text, (*places, "#, fuzzy")) if near else Message(id, notes=places))
    return written(messages)


def catalogues() -> dict[str, Path]:
    """The .po file of each language."""
    return {file.parts[-3]: file for file in sorted(LOCALE.glob("*/LC_MESSAGES/impasto.po"))}


def main() -> int:
    """Bring every catalogue up to date. Answers 1 where a translation is missing."""
    found, waiting = texts(), 0
    for language, file in catalogues().items():
        text = merged(language, file.read_text(encoding="utf-8"), found)
        file.write_text(text, encoding="utf-8", newline="\n")
        left = [message for message in read(text) if not message.text or message.fuzzy]
        waiting += len(left)
        print(f"{language}: {len(found) - len(left)} of {len(found)} texts are translated.")
        for message in left:
            print(f"  {'fuzzy' if message.fuzzy else 'new'}: {message.id!r}")
    return int(waiting > 0)


if __name__ == "__main__":
    sys.exit(main())
