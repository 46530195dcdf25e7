"""The pages hold together: what the scripts look for is in the page, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import impasto.api
import pytest

STYLES_IN_A_PAGE = """
class Element {
  constructor() { this.children = []; this.classList = { add() {}, remove() {} }; }
  get parentElement() { return this.parent; }
  addEventListener() {}
  append(...those) { this.put([...this.children, ...those]); }
  prepend(...those) { this.put([...those, ...this.children]); }
  replaceChildren(...those) { this.put(those); }
  put(those) { this.children = those; for (const one of those) if (one instanceof Element) one.parent = this; }
  remove() { this.parent.children = this.parent.children.filter((one) => one !== this); }
  scrollIntoView() {}
  inputs() { return this.children.flatMap((tile) => tile.children).filter((one) => one.type === "radio"); }
  querySelectorAll() { return this.inputs(); }
  querySelector() { return this.inputs().find((one) => one.on); }
  set checked(on) { for (const one of this.parent.parent.inputs()) one.on = one === this && on; }
}
globalThis.document = { createElement: () => new Element(), getElementById: () => ({ accept: "" }) };
URL.createObjectURL = () => "blob:";
URL.revokeObjectURL = () => {};
const { Styles } = await import("./styles.js");
let known = ["starry-night"], told = [];
globalThis.fetch = async () => ({ ok: true, json: async () => ({ styles: known.map((id) => ({ id, title: id, links: {} })) }) });
const box = new Element(), failed = (failure) => { throw failure; };
const styles = new Styles(box, new Element(), { failed, changed: () => told.push(styles.query()) });
const say = (more = {}) => { console.log(JSON.stringify({ told, ...more })); told = []; };
await styles.load();
say();
const file = { name: "mine.png" };
styles.take({ name: "other.png" });
told = [];
styles.take(file);  // nothing is waited for
say({ sent: styles.fill({ append() {} }).name, tiles: box.inputs().map((one) => one.value) });
known.push("mine");
await styles.kept("mine", { name: "other.png" });
say({ file: styles.file?.name });
await styles.kept("mine", file);
say({ file: styles.file });
const own = { id: "mine", title: "Mine", own: true, links: { self: "/v1/styles/mine" } }, sent = [];
globalThis.fetch = async (path, { method, body } = {}) => {
  if (method) sent.push([method, path, own.title = body.get("name")]);
  return { ok: true, json: async () => ({ styles: [{ id: "starry-night", title: "Starry Night", links: {} }, own] }) };
};
await styles.load("mine");
const shown = () => styles.caption.children.map((one) => one.textContent ?? one);
for (const answer of [null, "Mine", "The old harbour"]) {
  globalThis.prompt = () => answer;
  await styles.rename(own);
}
say({ sent, chosen: styles.chosen(), shown: shown() });
"""

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


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda s: s.name)
def test_scripts_are_valid(script, tmp_path):
    module = tmp_path / script.with_suffix(".mjs").name
    module.write_bytes(script.read_bytes())
    subprocess.run(["node", "--check", str(module)], check=True, timeout=60)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_own_styles_in_the_page(tmp_path):
    for script in SCRIPTS:
        shutil.copy(script, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "test.js").write_text(STYLES_IN_A_PAGE, encoding="utf-8")
    done = subprocess.run(["node", str(tmp_path / "test.js")], check=True, timeout=60, capture_output=True, text=True)
    first, taken, mixed_up, kept, renamed = map(json.loads, done.stdout.splitlines())
    assert first == {"told": [{"style": "starry-night"}]}
    assert taken == {"told": [{"pictures": 1}], "sent": "mine.png", "tiles": ["own picture", "starry-night"]}
    assert mixed_up == {"told": [{"style": "mine"}], "file": "mine.png"}, "another picture was kept than the one that lies here"
    assert kept == {"told": [{"style": "mine"}], "file": None}
    assert renamed["sent"] == [["PATCH", "/v1/styles/mine", "The old harbour"]], "nothing is sent without another name"
    assert renamed["chosen"] == "mine" and renamed["shown"] == ["The old harbour", " \u2013 ", "rename", ", ", "remove"]


def test_nothing_in_the_pages_comes_from_elsewhere():
    for file in [*(HERE / "templates").iterdir(), *(HERE / "static").iterdir()]:
        assert not re.search(r"""(?:src|href|url|@import)\s*[=(]?\s*["']?(?:https?:)?//""", file.read_text(encoding="utf-8")), (
            file.name
        )
