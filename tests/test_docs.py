"""The pages: each is in the site's navigation, and what they link to is there. `make docs-site` looks at anchors, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def leaves(tree):
    if isinstance(tree, str):
        return {tree}
    return {leaf for inner in (tree.values() if isinstance(tree, dict) else tree) for leaf in leaves(inner)}


def test_every_page_is_in_the_navigation():
    nav = leaves(yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    assert nav == {{"README.md": "index.md"}.get(page.name, page.name.lower()) for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    links = [link for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).is_file()] == []
