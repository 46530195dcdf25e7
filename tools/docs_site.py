"""A hook of MkDocs: the project's own pages (README, CONTRIBUTING, CHANGELOG) become pages of the site, beside those of docs/.

They stay where a reader of the repository looks for them; only their links are other ones, because the site's root is docs/.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""File of the project -> page of the site."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    for name, page in PAGES.items():
        files.append(File.generated(config, page, content=relinked((ROOT / name).read_text(encoding="utf-8"))))
    return files


def relinked(text: str) -> str:
    """``text`` with its links to files as they are seen from docs/."""
    text = re.sub(r"\]\(docs/", "](", text)
    return re.sub(r"\]\(([A-Z]+\.md)", lambda link: f"]({PAGES.get(link[1], link[1])}", text)
