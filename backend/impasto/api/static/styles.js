// The style tiles: those of the library, and a picture of one's own.

import { json, request } from "./api.js";

const OWN = "own picture";

export class Styles {
  constructor(box, caption, failed) {
    Object.assign(this, { box, caption, failed, known: [], file: null });
  }

  async load(chosen) {
    this.known = (await json("/v1/styles")).styles;
    this.box.replaceChildren(...this.known.map((style) => this.tile(style.id, style.links.thumbnail, style.title)), this.adder());
    if (this.file) this.box.prepend(this.tile(OWN, this.address, this.file.name));
    this.choose(chosen ?? (this.file ? OWN : this.known[0]?.id));
  }

  tile(id, source, name) {
    const tile = document.createElement("label"), input = document.createElement("input"), image = document.createElement("img");
    tile.className = "style";
    tile.title = name;
    Object.assign(input, { type: "radio", name: "style", value: id, ariaLabel: name });
    Object.assign(image, { src: source, alt: "", loading: "lazy" });
    input.addEventListener("change", () => this.describe());
    tile.append(input, image);
    return tile;
  }

  adder() {
    const tile = document.createElement("label"), input = document.createElement("input");
    tile.className = "style own";
    Object.assign(input, { type: "file", accept: document.getElementById("content-file").accept, ariaLabel: "Choose a picture of your own as style" });
    input.addEventListener("change", () => { if (input.files[0]) this.take(input.files[0]); });
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

  take(file) {
    if (this.address) URL.revokeObjectURL(this.address);
    this.file = file;
    this.address = URL.createObjectURL(file);
    this.load(OWN).catch(this.failed);
  }

  // The picture of one's own has become the style `id`.
  kept(id) {
    this.file = null;
    return this.load(id);
  }

  choose(id) {
    const input = [...this.box.querySelectorAll("input[type=radio]")].find((one) => one.value === id);
    if (input) input.checked = true;
    this.describe();
    return Boolean(input);
  }

  chosen() {
    return this.box.querySelector("input:checked")?.value;
  }

  // Adds the chosen style to a form: the picture itself, or the id.
  fill(form) {
    const id = this.chosen();
    if (id === OWN) form.append("style", this.file);
    else if (id) form.append("style", id);
  }

  // The chosen style as the plan is asked about it: an id, or that a picture comes along.
  query() {
    const id = this.chosen();
    return id === OWN ? { pictures: 1 } : id ? { style: id } : {};
  }

  describe() {
    const id = this.chosen(), style = this.known.find((one) => one.id === id);
    if (id === OWN) this.caption.replaceChildren(this.file.name, " \u2013 ", this.act("keep it as a style", () => this.keep()));
    else if (style?.own) this.caption.replaceChildren(this.words(style), " \u2013 ", this.act("remove", () => this.remove(style)));
    else this.caption.replaceChildren(style ? this.words(style) : "");
  }

  words(style) {
    return [style.title, [style.painter, style.year].filter(Boolean).join(", "), style.fast ? "fast" : ""].filter(Boolean).join(" \u2013 ");
  }

  act(words, run) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: words });
    button.addEventListener("click", () => run().catch(this.failed));
    return button;
  }

  async keep() {
    const form = new FormData();
    form.append("name", this.file.name.replace(/\.[^.]*$/, ""));
    form.append("picture", this.file);
    const style = await json("/v1/styles", { method: "POST", body: form });
    this.file = null;
    await this.load(style.id);
  }

  async remove(style) {
    await request(style.links.self, { method: "DELETE" });
    await this.load();
  }
}
