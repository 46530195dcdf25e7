// The studio page: choose a picture and a style, paint, watch, compare, keep.

import { ended, follow, json, picture, request } from "./api.js";
import { Controls } from "./controls.js";
import { History } from "./history.js";
import { Plan } from "./plan.js";
import { draw, duration } from "./progress.js";
import { Queue } from "./queue.js";
import { Stage } from "./stage.js";
import { Styles } from "./styles.js";

const find = (id) => document.getElementById(id);
if (location.hash) history.replaceState(null, "", location.pathname);  // a ticket that is not needed

const stage = new Stage(find);
const styles = new Styles(find("styles"), find("style-name"), { failed: fail, changed: () => plan.refresh() });
const plan = new Plan(find("plan"), planned);
const strip = new History(find("history"), (id) => open(id).catch(fail));
const queue = new Queue(find);
const REFRESH_MS = 3000;
const REFINED = ["style", "style_weights", "strength", "detail", "keep_colours"];  // what a refined picture shares with the fast one
const contents = new Map();  // job id -> the file it was painted from, while this page is open
const paintings = new Map();  // job id -> the file it took its style from

let controls, formats, content = null, shownJob = null, watched = null, stopFollowing = () => {}, newestPreview = 0;

function fail(failure) {
  const box = find("error"), hint = document.createElement("small");
  hint.textContent = failure?.hint ?? "";
  box.replaceChildren(failure?.message ?? String(failure), ...(hint.textContent ? [hint] : []));
  box.hidden = false;
}

const forget = () => { find("error").hidden = true; };

function unfollow() {
  stopFollowing();
  watched = null;
}

// -- the picture to paint

async function take(file) {
  forget();
  unfollow();
  content = file;
  shownJob = null;
  strip.mark(null);
  await stage.showContent(file);
  arrange();
  plan.refresh();
}

// The choices as the daemon is asked about them; null before there is a picture whose size is known.
function planned() {
  const size = stage.contentSize();
  return content && controls && size ? { ...size, ...styles.query(), ...controls.values() } : null;
}

function arrange() {
  const running = shownJob && !ended(shownJob);
  find("progress").hidden = !running;
  find("next").hidden = shownJob?.state !== "queued" || !(shownJob.position > 1);
  find("finish").disabled = shownJob?.state !== "running";
  find("outcome").hidden = shownJob?.state !== "done";
  const sent = shownJob?.parameters.style.some((style) => style.startsWith("upload:"));
  find("refine").hidden = shownJob?.result?.method !== "fast" || sent || Boolean(shownJob.result.refined) || !contents.has(shownJob.id);
  find("keep").hidden = !shownJob?.result?.refined;
  find("paint").textContent = shownJob?.state === "done" && contents.get(shownJob.id) === content && content ? "Paint again" : "Paint";
  find("paint").disabled = Boolean(running && contents.get(shownJob.id) === content);
  find("other").hidden = !content && !shownJob;
}

// -- painting

async function paint() {
  forget();
  if (!content) {
    fail({ message: "There is no picture yet.", hint: "Drop one on the left, or press there to choose one." });
    find("content-file").focus();
    return;
  }
  const form = new FormData();
  form.append("content", content);
  const painting = styles.fill(form);
  for (const [name, value] of Object.entries(controls.values())) form.append(name, value);
  find("paint").disabled = true;
  try {
    await submit(form, content, painting);
  } catch (failure) {
    fail(failure);
    find("paint").disabled = false;
  }
}

async function submit(form, file, painting = null) {
  const job = await json("/v1/jobs", { method: "POST", body: form });
  contents.set(job.id, file);
  if (painting) paintings.set(job.id, painting);
  watch(job);
}

// Lets the iterative method go on from what the fast one has painted.
async function refine() {
  const form = new FormData(), file = contents.get(shownJob.id), asked = shownJob.parameters;
  form.append("content", file);
  for (const name of REFINED) for (const value of [asked[name]].flat()) form.append(name, value);
  form.append("method", "iterative");
  form.append("init", "fast");
  await submit(form, file);
}

// What an unlearnt style was refined to becomes one of the styles.
async function keep() {
  forget();
  const job = shownJob, [asked] = job.parameters.style, painting = paintings.get(job.id);
  // One of the library keeps its name.
  const name = asked.startsWith("upload:") ? prompt("Name of the style", painting?.name.replace(/\.[^.]*$/, "") ?? "My style") : asked;
  if (!name) return;
  const form = new FormData();
  form.append("name", name);
  const [style] = (await json(job.links.keep, { method: "POST", body: form })).styles;
  const now = await json(job.links.self);
  if (shownJob?.id === job.id) shownJob = now;
  arrange();
  await styles.kept(style.id, painting);
}

function watch(job) {
  unfollow();
  watched = job.id;
  newestPreview = 0;
  strip.mark(job.id);
  stage.compare(false);
  changed(job);
  if (!ended(job)) stopFollowing = follow(job, (news) => changed(news).catch(fail));
}

async function changed(job) {
  if (job.id !== watched) return;  // late news of a job that is no longer shown
  const fresh = shownJob?.id !== job.id || !ended(shownJob);
  shownJob = job;
  strip.update(job);
  arrange();
  if (!ended(job)) {
    draw(job, find("meter"), find("doing"));
    document.title = job.fraction ? `${Math.round(job.fraction * 100)} % \u00b7 Impasto` : "Impasto";
    if (job.preview > newestPreview) await preview(job);
    return;
  }
  document.title = "Impasto";
  if (job.state === "done" && fresh) await result(job);
  if (job.state === "failed") fail(job.error ?? { message: "The painting failed." });
  if (job.state !== "done") back(job);
}

async function preview(job) {
  newestPreview = job.preview;
  const blob = await picture(job.links.preview).catch(() => null);  // it may have just been replaced by the result
  if (blob && shownJob?.id === job.id && !ended(shownJob)) await stage.showPainting(blob, { before: contents.has(job.id), badge: "Preview" });
}

async function result(job) {
  const blob = await picture(job.links.result);
  if (shownJob?.id !== job.id) return;
  await stage.showPainting(blob, { before: contents.has(job.id) });
  stage.compare(true);
  plan.refresh();  // by now it is known how long such a painting takes
  const notes = (job.notes ?? []).join(" ");
  find("made").textContent = `Painted in ${duration(job.elapsed)}.${notes ? ` ${notes}` : ""}`;
  arrange();
}

function back(job) {
  const file = contents.get(job.id);
  unfollow();
  contents.delete(job.id);
  shownJob = null;
  strip.mark(null);
  if (file) stage.showContent(file);
  else stage.clear();
  arrange();
}

// Shows a job of the strip, and follows it where it still runs.
async function open(id) {
  forget();
  unfollow();
  const job = await json(`/v1/jobs/${id}`);
  const file = contents.get(id);
  if (file) {
    content = file;
    await stage.showContent(file);
  } else {
    content = null;
    stage.clear();
  }
  shownJob = null;
  watch(job);
  plan.refresh();
}

async function download() {
  const form = formats[find("format").value];
  const blob = await picture(shownJob.links.result + (find("bare").checked ? "?strip=true" : ""), form.media_type);
  const link = document.createElement("a"), address = URL.createObjectURL(blob);
  const base = contents.get(shownJob.id)?.name.replace(/\.[^.]*$/, "") ?? "picture";
  Object.assign(link, { href: address, download: `${base}-painted${form.extension}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

async function reuse() {
  forget();
  controls.apply(shownJob.parameters);
  plan.refresh();
  const [style] = shownJob.parameters.style, [kept] = shownJob.result?.kept ?? [], painting = paintings.get(shownJob.id);
  if (kept && styles.choose(kept)) return;
  if (painting) styles.take(painting);
  else if (style.startsWith("upload:")) fail({ message: "This page no longer has the picture that the style was taken from.", hint: "Choose it again: Your own." });
  else if (!styles.choose(style)) fail({ message: `The style ${style} is no longer there.` });
}

async function discard() {
  const job = shownJob;
  if (job) await changed(await json(job.links.cancel, { method: "POST" }));
}

async function cancelAll() {
  for (const job of await queue.cancel()) {
    strip.update(job);
    if (job.id === shownJob?.id) await changed(job);
  }
}

async function remove() {
  await request(shownJob.links.self, { method: "DELETE" });
  strip.remove(shownJob.id);
  back(shownJob);
}

// -- putting it together

function on(id, run) {
  find(id).addEventListener("click", () => Promise.resolve(run()).catch(fail));
}

function listen() {
  find("controls").addEventListener("input", () => plan.refresh());
  find("controls").addEventListener("change", () => plan.refresh());
  find("controls").addEventListener("submit", (event) => { event.preventDefault(); paint(); });
  on("finish", () => request(shownJob.links.finish, { method: "POST" }));
  on("next", async () => changed(await json(shownJob.links.move, { method: "POST" })));
  on("discard", discard);
  on("download", download);
  on("refine", refine);
  on("keep", keep);
  on("reuse", reuse);
  on("remove", remove);
  on("pause", () => queue.toggle());
  on("cancel-all", cancelAll);
  on("other", () => find("content-file").click());
  find("content-file").addEventListener("change", (event) => {
    if (event.target.files[0]) take(event.target.files[0]).catch(fail);
    event.target.value = "";
  });
  const area = find("stage");
  for (const name of ["dragenter", "dragover"]) window.addEventListener(name, (event) => { event.preventDefault(); area.classList.add("over"); });
  window.addEventListener("dragleave", (event) => { if (!event.relatedTarget) area.classList.remove("over"); });
  window.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]).catch(fail);
  });
  window.addEventListener("paste", (event) => {
    if (event.clipboardData.files[0]) take(event.clipboardData.files[0]).catch(fail);
  });
}

async function start() {
  listen();
  const [described, device] = await Promise.all([json("/v1/parameters"), json("/v1/device"), styles.load()]);
  controls = new Controls(described.parameters, find("basic"), find("advanced"));
  formats = described.formats;
  find("format").append(...Object.keys(formats).map((name) => new Option(formats[name].label, name)));
  find("device").textContent = device.device === "cpu" ? "CPU" : device.name ?? "";
  const running = (await strip.load()).find((job) => job.state === "running");
  if (running) watch(running);
  else arrange();
  const refresh = () => Promise.all([strip.refresh(), queue.refresh()]).catch(() => {});
  refresh();
  setInterval(refresh, REFRESH_MS);
}

start().catch(fail);
