// The strip of recent pictures.

import { ended, json } from "./api.js";

const SHOWN = 24;

export class History {
  constructor(list, opened) {
    Object.assign(this, { list, opened, current: null });
  }

  async newest() {
    const { jobs } = await json(`/v1/jobs?limit=${SHOWN * 2}`);
    return jobs.filter((job) => job.kind === "stylize");
  }

  async load() {
    const kept = (await this.newest()).filter((job) => ["done", "running", "queued"].includes(job.state)).slice(0, SHOWN);
    this.list.replaceChildren(...kept.map((job) => this.entry(job)));
    return kept;
  }

  // Renews the entries of jobs that nobody follows but that have not ended.
  async refresh() {
    const open = new Set([...this.list.children].filter((item) => item.dataset.open && item.dataset.id !== this.current).map((item) => item.dataset.id));
    if (!open.size) return;
    for (const job of await this.newest()) if (open.has(job.id)) this.update(job);
  }

  // Adds or renews a job's entry, the newest first; takes it out where nothing came of it.
  update(job) {
    const old = this.list.querySelector(`[data-id="${job.id}"]`);
    if (job.state === "failed" || job.state === "cancelled") old?.remove();
    else if (old && old.dataset.look === this.look(job)) old.querySelector("i")?.style.setProperty("--done", job.fraction);
    else if (old) old.replaceWith(this.entry(job));
    else this.list.prepend(this.entry(job));
  }

  look(job) {
    return `${job.state} ${job.preview > 0}`;
  }

  entry(job) {
    const item = document.createElement("li"), button = document.createElement("button");
    item.dataset.id = job.id;
    item.dataset.look = this.look(job);
    if (!ended(job)) item.dataset.open = "yes";
    const when = new Date(job.created * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const name = [job.title, when].filter(Boolean).join(", ");
    Object.assign(button, { type: "button", title: name, ariaLabel: `Show the picture: ${name}` });
    button.setAttribute("aria-current", String(job.id === this.current));
    button.addEventListener("click", () => this.opened(job.id));
    if (job.preview > 0 || job.state === "done") {
      const image = document.createElement("img");
      Object.assign(image, { src: `${job.links.thumbnail}?${job.state}`, alt: "", loading: "lazy" });
      button.append(image);
    } else {
      button.append(job.state === "queued" ? "waiting" : "painting");
    }
    if (!ended(job)) button.append(document.createElement("i"));
    item.append(button);
    return item;
  }

  mark(id) {
    this.current = id;
    for (const item of this.list.children) item.firstChild.setAttribute("aria-current", String(item.dataset.id === id));
  }

  remove(id) {
    this.list.querySelector(`[data-id="${id}"]`)?.remove();
  }
}
