"""Every text of the plug-ins is in the catalogues, translated, with what is filled in and what is typed left as it was."""

from __future__ import annotations

import ast
import re
import string
import sys
from pathlib import Path

import pytest
from impasto.editors.catalogues import Message, read, written

from .conftest import PLUGINS

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))
import texts  # noqa: E402

FOUND = texts.texts()
CATALOGUES = {language: read(file.read_text(encoding="utf-8")) for language, file in texts.catalogues().items()}
AS_TYPED = re.compile(r"impasto [a-z]+|`[^`]+`|flatpak override[^\n]*|pip install impasto")


def test_german_and_french_are_there():
    assert {"de", "fr"} <= set(CATALOGUES)


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_catalogue_is_current_and_complete(language):
    """Out of date? make docs, then translate what it names."""
    file = texts.catalogues()[language]
    assert texts.merged(language, file.read_text(encoding="utf-8"), FOUND) == file.read_text(encoding="utf-8")
    waiting = [message.id for message in CATALOGUES[language] if not message.text or message.fuzzy]
    assert not waiting, f"{len(waiting)} texts are not translated"


def placeholders(text: str) -> list[str]:
    named = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    return sorted(named + re.findall(r"%(?:\(\w+\))?[-+ #0]*[\d.]*[a-zA-Z%]", text))


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_fits_its_text(language):
    for message in CATALOGUES[language][1:]:
        id, text = message.id, message.text
        assert placeholders(id) == placeholders(text), id
        assert AS_TYPED.findall(id) == AS_TYPED.findall(text), f"what one types is the same in every language: {id}"
        assert len(mnemonics(id)) == len(mnemonics(text)), f"one letter for the keyboard: {id}"
        assert (id[:1].isspace(), id[-1:].isspace()) == (text[:1].isspace(), text[-1:].isspace()), id
        assert ending(id) == ending(text), f"a sentence stays one, and what opens a window says so: {id}"
        assert id.count("\n") == text.count("\n"), id


def ending(text: str) -> str:
    return "…" if text.endswith(("…", "...")) else text[-1:] if text.endswith((".", "!", ":")) else ""


def mnemonics(text: str) -> list[str]:
    """What underlines a letter, in GTK or in Qt."""
    return re.findall(r"[_&](?=\w)", text)


def test_the_words_of_parameters_are_gathered_from_wherever_they_stand():
    source = ast.parse("""_("a" "b"); translate({"k": "c", "l": "d"}.get(x, "e")); _("f" if x else "g"); self._("h"); _(x)
_(p["help"]); other("i"); _({"k": "j"}[x]); gettext("no")""")
    assert [text for _line, text in texts._translated(source)] == ["ab", "c", "d", "e", "f", "g", "h", "j"]


def test_a_changed_text_brings_its_translation_along_to_be_looked_at():
    old = written([Message("", "Language: de\n"), Message("Stop and keep", "Anhalten und behalten"), Message("Gone", "Weg")])
    new = {message.id: message for message in read(texts.merged("de", old, {"Stop and keep it": ["x.py"], "Fresh": ["x.py"]}))}
    assert set(new) == {"", "Stop and keep it", "Fresh"}
    assert new["Stop and keep it"].text == "Anhalten und behalten" and new["Stop and keep it"].fuzzy and not new["Fresh"].text


def test_each_editor_looks_for_them_where_they_are():
    assert (PLUGINS / "client/impasto_client/locale/de/LC_MESSAGES/impasto.po").is_file()
    from impasto_client import translation

    assert Path(translation.FOLDER) == texts.LOCALE
    for file in ("gimp/impasto-neural-style/translation.py", "krita/impasto_neural_style/translation.py"):
        assert "translation.translator(" in (PLUGINS / file).read_text(encoding="utf-8"), file
