// What painting will mean, asked of the daemon whenever a choice has rested for a moment: the method, the size, the time.

import { json } from "./api.js";
import { duration } from "./progress.js";

const RESTS_MS = 250;

export class Plan {
  // `line`: where to say it; `asked()`: the choices as query parameters, or null where there is nothing to paint yet.
  constructor(line, asked) {
    Object.assign(this, { line, asked, timer: 0, number: 0 });
  }

  refresh() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), RESTS_MS);
  }

  async ask() {
    const query = this.asked(), number = ++this.number;
    const text = query ? await this.words(query) : "";
    if (number === this.number) this.line.textContent = text;  // else it has been asked anew meanwhile
  }

  async words(query) {
    try {
      const plan = await json(`/v1/plan?${new URLSearchParams(query)}`);
      const parts = [plan.method === "fast" ? "Fast" : "Iterative"];
      if (plan.width < query.width) parts.push(`at ${plan.width} \u00d7 ${plan.height} px`);
      if (plan.stroke) parts.push(`strokes up to ${plan.stroke} px`);
      if (plan.seconds) parts.push(`about ${duration(plan.seconds)}`);
      this.line.title = plan.reason;
      return parts.join(" \u00b7 ");
    } catch (failure) {
      this.line.title = failure.hint ?? "";
      return failure.message;
    }
  }
}
