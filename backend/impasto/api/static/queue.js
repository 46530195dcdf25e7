// All that waits or runs: how much that is, and what may be done with it as a whole.

import { json } from "./api.js";

const plural = (count, one, more) => `${count} ${count === 1 ? one : more}`;

export class Queue {
  constructor(find) {
    Object.assign(this, { box: find("queue"), line: find("queue-says"), button: find("pause"), all: find("cancel-all"), paused: false });
  }

  async refresh() {
    this.show(await json("/v1/queue"));
  }

  show({ paused, jobs }) {
    const waiting = jobs.filter((job) => job.state === "queued").length, running = jobs.length - waiting;
    const said = [paused && "Paused", running && plural(running, "job runs", "jobs run"), waiting && plural(waiting, "waits", "wait")].filter(Boolean).join(", ");
    if (this.line.textContent !== said) this.line.textContent = said;
    this.paused = paused;
    this.button.textContent = paused ? "Resume" : "Pause";
    this.all.disabled = !jobs.length;
    this.box.hidden = !jobs.length && !paused;
  }

  // Long work rests, or goes on; what takes seconds is painted all the same.
  async toggle() {
    this.show(await json(`/v1/queue/${this.paused ? "resume" : "pause"}`, { method: "POST" }));
  }

  async cancel() {
    const { jobs } = await json("/v1/queue/cancel", { method: "POST" });
    await this.refresh();
    return jobs;
  }
}
