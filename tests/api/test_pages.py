"""The pages hold together: what the scripts look for is in the page, and nothing comes from elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import impasto.api
import pytest

HERE = Path(impasto.api.__file__).resolve().parent
SCRIPTS = sorted((HERE / "static").glob("*.js"))


def test_every_element_that_a_script_looks_for_is_in_the_page():
    page = (HERE / "templates" / "studio.html").read_text(encoding="utf-8")
    present = re.findall(r'\bid="([^"]+)"', page)
    assert len(present) == len(set(present))
    studio = (HERE / "static" / "studio.js").read_text(encoding="utf-8")
    stage = (HERE / "static" / "stage.js").read_text(encoding="utf-8")
    wanted = set(re.findall(r'(?:find|on)\("([\w-]+)"', studio))
    wanted |= set(re.findall(r'"(\w+)"', re.search(r"for \(const id of \[(.*?)\]", stage)[1]))
    assert len(wanted) > 15 and wanted <= set(present)
    for label in re.findall(r'\bfor="([^"]+)"', page):
        assert label in present


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_scripts_import_what_is_there_and_set_no_markup(client, script):
    text = client.get(f"/static/{script.name}")
    assert text.headers["Content-Type"].startswith(("text/javascript", "application/javascript"))
    for name in re.findall(r'from "\./([\w.]+)"', text.text):
        assert client.get(f"/static/{name}").status_code == 200
    # What the daemon or a file's name says is only ever set as text.
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://", text.text)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_scripts_are_valid(script, tmp_path):
    module = tmp_path / script.with_suffix(".mjs").name
    module.write_bytes(script.read_bytes())
    subprocess.run(["node", "--check", str(module)], check=True, timeout=60)


def test_nothing_in_the_pages_comes_from_elsewhere():
    for file in [*(HERE / "templates").iterdir(), *(HERE / "static").iterdir()]:
        assert not re.search(r"""(?:src|href|url|@import)\s*[=(]?\s*["']?(?:https?:)?//""", file.read_text(encoding="utf-8")), (
            file.name
        )
