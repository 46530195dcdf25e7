// The picture in the middle: before, preview, after, and the line between them.

const LARGEST = 2;  // screen pixels for a pixel of the picture, so that small pictures are not all blur

export class Stage {
  constructor(find) {
    for (const id of ["stage", "empty", "frame", "before", "after", "blind", "split", "badge"]) this[id] = find(id);
    this.addresses = new Map();
    this.split.addEventListener("input", () => this.frame.style.setProperty("--split", `${this.split.value}%`));
    new ResizeObserver(() => this.fit()).observe(this.stage);
    for (const image of [this.before, this.after]) image.addEventListener("load", () => this.fit());
  }

  // Shows a picture to be painted. Formats that browsers do not know are painted all the same, unseen.
  async showContent(file) {
    this.put(this.after, null);
    const seen = await this.put(this.before, file);
    this.compare(false);
    this.badge.hidden = true;
    this.blind.hidden = seen;
    this.blind.textContent = seen ? "" : `${file.name} cannot be shown in a browser before it is painted.`;
    this.open();
    return seen;
  }

  // Shows a preview or result over what is there; `before`: whether the picture beneath belongs to it.
  async showPainting(blob, { before, badge = "" }) {
    if (!await this.put(this.after, blob)) return;
    if (!before) this.put(this.before, null);
    this.blind.hidden = true;
    this.badge.textContent = badge;
    this.badge.hidden = !badge;
    this.open();
  }

  // Width and height of the picture to be painted, px; null where the browser cannot tell.
  contentSize() {
    const { naturalWidth: width, naturalHeight: height } = this.before;
    return !this.before.hidden && width ? { width, height } : null;
  }

  compare(on) {
    on = on && !this.before.hidden && !this.after.hidden;
    this.frame.classList.toggle("comparing", on);
    this.split.hidden = !on;
    if (on && !this.split.dataset.used) {
      this.split.dataset.used = "yes";
      this.frame.style.setProperty("--split", `${this.split.value}%`);
    }
  }

  clear() {
    this.put(this.before, null);
    this.put(this.after, null);
    this.frame.hidden = this.badge.hidden = true;
    this.empty.hidden = false;
  }

  open() {
    this.empty.hidden = true;
    this.frame.hidden = false;
    this.fit();
  }

  // Puts a blob into an image; resolves to whether it can be seen.
  async put(image, blob) {
    const old = this.addresses.get(image), address = blob && URL.createObjectURL(blob);
    let seen = Boolean(blob);
    if (address) {
      const loading = new Image();
      loading.src = address;
      seen = await loading.decode().then(() => true, () => false);
    }
    if (seen) image.src = address;
    else image.removeAttribute("src");
    image.hidden = !seen;
    this.addresses.set(image, seen ? address : null);
    if (address && !seen) URL.revokeObjectURL(address);
    if (old) URL.revokeObjectURL(old);
    return seen;
  }

  fit() {
    const shown = this.before.hidden ? this.after : this.before;
    const width = shown.naturalWidth || 4, height = shown.naturalHeight || 3;
    const scale = Math.min(this.stage.clientWidth / width, this.stage.clientHeight / height, shown.naturalWidth ? LARGEST : Infinity);
    this.frame.style.width = `${Math.floor(width * scale)}px`;
    this.frame.style.height = `${Math.floor(height * scale)}px`;
  }
}
