// What a job is doing, in words and as a bar.

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60).toString().padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60).toString().padStart(2, "0")} min`;
}

const PHASES = { starting: "Waking the painter", "fetching weights": "Fetching the network's weights (only once)", preparing: "Looking at the pictures", painting: "Painting", paused: "Paused", saving: "Saving" };
const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0);

function waiting(job) {
  const said = [`${job.phase === "paused" ? "Paused" : "Waiting"}${job.position ? `, number ${job.position} in the queue` : ""}`];
  if (job.waiting_for?.title) said.push(`behind ${job.waiting_for.kind === "train" ? "the training of " : ""}${job.waiting_for.title}`);
  return said.join(" \u00b7 ");
}

export function words(job) {
  if (job.state === "queued") return waiting(job);
  const said = [PHASES[job.phase] ?? "Painting"];
  if (job.phase === "fetching weights" && job.total_bytes) said.push(`${megabytes(job.done_bytes)} of ${megabytes(job.total_bytes)} MB`);
  if (job.phase === "painting" || job.phase === "paused" || !(job.phase in PHASES)) {
    if (job.total) said.push(`step ${job.step} of ${job.total}`);
    if (job.width && job.height) said.push(`${job.width} \u00d7 ${job.height}`);
  }
  if (job.eta > 0) said.push(`about ${duration(job.eta)} left`);
  return said.join(" \u00b7 ");
}

export function draw(job, meter, line) {
  const share = job.phase === "fetching weights" && job.total_bytes ? job.done_bytes / job.total_bytes : job.fraction;
  const unknown = job.state === "queued" || !share;
  meter.classList.toggle("unknown", unknown);
  meter.style.setProperty("--done", share);
  if (unknown) meter.removeAttribute("aria-valuenow");
  else meter.setAttribute("aria-valuenow", Math.round(share * 100));
  const text = words(job);
  if (line.textContent !== text) line.textContent = text;
}
