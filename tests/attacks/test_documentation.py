"""docs/security.md and docs/reliability.md name tests and settings that there are, and leave no door's setting out."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from impasto.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "docs" / name for name in ("security.md", "reliability.md")]


def settings_of(*sections: str) -> list[str]:
    found, section = [], ""
    for field in dataclasses.fields(Settings):
        section = field.metadata.get("section", section)
        if section in sections:
            found.append(field.name)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_tests_and_settings_are_there(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)?(?:test_[a-z_]+|target))`", text))
    assert len(named) > 10
    assert [name for name in named if not (ROOT / "tests" / f"{name}.py").is_file()] == []
    rows = [row.split("|") for row in text.splitlines() if row.startswith("| ") and row.count("|") == 5]
    reply = {word for row in rows for word in re.findall(r"`([a-z_]+)`", row[3])}
    assert reply and reply <= {field.name for field in dataclasses.fields(Settings)}, reply


def test_every_setting_of_the_doors_is_told():
    text = PAGES[0].read_text(encoding="utf-8")
    doors = settings_of("Where it listens, and to whom", "What may come in")
    assert len(doors) > 12
    assert [name for name in doors if f"`{name}`" not in text] == []
