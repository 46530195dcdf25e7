// The style tiles: those of the library, and a picture of one's own.

import { json, request } from "./api.js";

const OWN = "own picture";

export class Styles {
  // `failed(failure)`: something could not be done; `changed()`: another style is chosen, by hand or otherwise.
  constructor(box, caption, { failed, changed }) {
    Object.assign(this, { box, caption, failed, changed, known: [], file: null });
  }

  async load(chosen) {
    this.known = (await json("/v1/styles")).styles;
    this.box.replaceChildren(...this.known.map((style) => this.tile(style.id, style.links.thumbnail, style.title)), this.adder());
    if (this.file) this.box.prepend(this.tile(OWN, this.address, this.file.name));
    if (chosen) this.choose(chosen);
    else this.check(this.file ? OWN : this.known[0]?.id);
  }

  tile(id, source, name) {
    const tile = document.createElement("label"), input = document.createElement("input"), image = document.createElement("img");
    tile.className = "style";
    tile.title = name;
    Object.assign(input, { type: "radio", name: "style", value: id, ariaLabel: name });
    Object.assign(image, { src: source, alt: "", loading: "lazy" });
    input.addEventListener("change", () => this.describe());
    image.addEventListener("error", () => {  // a format that browsers do not know
      image.replaceWith(name);
      tile.classList.add("unseen");
    });
    tile.append(input, image);
    return tile;
  }

  adder() {
    const tile = document.createElement("label"), input = document.createElement("input");
    tile.className = "style own";
    Object.assign(input, { type: "file", accept: document.getElementById("content-file").accept, ariaLabel: "Choose a picture of your own as style" });
    input.addEventListener("change", () => {
      if (input.files[0]) this.take(input.files[0]);
      input.value = "";
    });
    tile.addEventListener("dragover", (event) => { event.preventDefault(); event.stopPropagation(); tile.classList.add("over"); });
    tile.addEventListener("dragleave", () => tile.classList.remove("over"));
    tile.addEventListener("drop", (event) => {
      event.preventDefault();
      event.stopPropagation();
      tile.classList.remove("over");
      if (event.dataTransfer.files[0]) this.take(event.dataTransfer.files[0]);
    });
    tile.append(input, "Your own");
    return tile;
  }

  // Chooses a picture of one's own, at once: nothing is asked of the daemon.
  take(file) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.file = file;
    this.address = URL.createObjectURL(file);
    this.find(OWN)?.parentElement.remove();
    this.box.prepend(this.tile(OWN, this.address, file.name));
    this.choose(OWN);
  }

  // The picture `file` has become the style `id`.
  kept(id, file) {
    if (this.file === file) this.file = null;
    return this.load(id);
  }

  find(id) {
    return [...this.box.querySelectorAll("input[type=radio]")].find((one) => one.value === id);
  }

  check(id) {
    const input = this.find(id);
    if (input) input.checked = true;
    this.describe();
    return input;
  }

  // Chooses a style and brings its tile into sight; whether there is one.
  choose(id) {
    const input = this.check(id);
    input?.parentElement.scrollIntoView({ block: "nearest" });
    return Boolean(input);
  }

  chosen() {
    return this.box.querySelector("input:checked")?.value;
  }

  // Adds the chosen style to a form: the picture itself, which is returned, or the id.
  fill(form) {
    const id = this.chosen();
    if (id) form.append("style", id === OWN ? this.file : id);
    return id === OWN ? this.file : null;
  }

  // The chosen style as the plan is asked about it: an id, or that a picture comes along.
  query() {
    const id = this.chosen();
    return id === OWN ? { pictures: 1 } : id ? { style: id } : {};
  }

  describe() {
    const id = this.chosen(), style = this.known.find((one) => one.id === id);
    if (id === OWN) this.caption.replaceChildren(this.file.name, " \u2013 ", this.act("keep it as a style", () => this.keep()));
    else if (style?.own) this.caption.replaceChildren(this.words(style), " \u2013 ", ...this.acts(style));
    else this.caption.replaceChildren(style ? this.words(style) : "");
    this.changed();
  }

  words(style) {
    return [style.title, [style.painter, style.year].filter(Boolean).join(", "), style.fast ? "fast" : ""].filter(Boolean).join(" \u2013 ");
  }

  acts(style) {
    return [this.act("rename", () => this.rename(style)), ", ", this.act("remove", () => this.remove(style))];
  }

  act(words, run) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: words });
    button.addEventListener("click", () => run().catch(this.failed));
    return button;
  }

  async keep() {
    const form = new FormData(), file = this.file;
    form.append("name", file.name.replace(/\.[^.]*$/, ""));
    form.append("picture", file);
    const style = await json("/v1/styles", { method: "POST", body: form });
    await this.kept(style.id, file);
  }

  async rename(style) {
    const name = prompt("Name of the style", style.title), form = new FormData();
    if (name === null || name === style.title) return;
    form.append("name", name);
    await request(style.links.self, { method: "PATCH", body: form });
    await this.load(this.chosen());
  }

  async remove(style) {
    if (!confirm(`Remove the style \u201c${style.title}\u201d${style.fast ? " and what was learnt of it" : ""}?`)) return;
    await request(style.links.self, { method: "DELETE" });
    await this.load();
  }
}
