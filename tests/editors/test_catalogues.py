"""Translations that the editors' Python reads: its own gettext is the judge."""

from __future__ import annotations

import gettext
import io

import pytest
from impasto.editors.catalogues import Message, compiled, read, written

HEAD = Message("", "Content-Type: text/plain; charset=UTF-8\nLanguage: de\n")


def translations(*messages):
    return gettext.GNUTranslations(io.BytesIO(compiled(written([HEAD, *messages]))))


@pytest.mark.parametrize(
    "id, text",
    [
        ("Strength", "Stärke"),
        ("a\nb\n", "ä\nö\n"),
        ('say "x"', 'sage „x“ "y"'),
        ("back\\slash\ttab", "Rück\\strich\tTab"),
        ("{n} left", "noch {n}"),
        ("Ω 漢字", "Ω 漢字 ✓"),
    ],
)
def test_there_and_back(id, text):
    assert translations(Message(id, text)).gettext(id) == text
    assert [(m.id, m.text) for m in read(written([HEAD, Message(id, text)]))] == [(HEAD.id, HEAD.text), (id, text)]


def test_what_is_missing_or_waits_to_be_looked_at_stays_english():
    reply = translations(Message("a"), Message("b", "alt", notes=("#, fuzzy",)), Message("c", "ce"))
    assert [reply.gettext(id) for id in "abcd"] == ["a", "b", "ce", "d"]


def test_many_are_found():
    many = [Message(f"text {n}", f"Text Nº {n}") for n in range(500)]
    reply = translations(*many)
    assert all(reply.gettext(m.id) == m.text for m in many)


def test_what_tools_write_is_read():
    reply = read(
        '# A note\n#: file.py:3\n#, python-brace-format\nmsgid ""\n"two "\n"parts"\nmsgstr "zwei "\n"Teile"\n\n#~ msgid "old"\n'
    )
    assert [(m.id, m.text) for m in reply] == [("two parts", "zwei Teile")]
    assert reply[0].notes == ("# A note", "#: file.py:3", "#, python-brace-format")


@pytest.mark.parametrize("po", ['msgid x\nmsgstr "y"\n', 'msgid "x"\nmsgid_plural "xs"\n', 'msgctxt "x"\n', "text\n"])
def test_what_is_not_understood_is_told_with_its_line(po):
    with pytest.raises(ValueError, match="line"):
        read(po)
