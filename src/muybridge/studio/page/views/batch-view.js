// Batches: every pair of some videos. Those that are begun here, and those that the command runs into the studio's folder.

import { afresh, attempt, h, notice, sentence } from "../dom.js";
import * as store from "../net/store.js";
import { drop, get, post } from "../net/api.js";
import { newBatch } from "../parts/batch-form.js";

/** Nothing tells a page of what another process does: it looks now and then. */
const EVERY = 3000;
const WORDS = { done: "done", failed: "failed", running: "learning", stopped: "stopped", waiting: "still to do", skipped: "done before" };

export function batchesView(main, signal) {
  const list = h("ul", { class: "runs" });
  main.append(
    h("p", {}, h("a", { href: "#/runs" }, "← All runs")),
    h("h1", {}, "Batches"),
    h("p", { class: "lead" }, "Choose a few videos, and the studio learns every pair of them, one pair after the other."),
    newBatch(signal),
    list,
  );
  repeat(signal, async () => {
    const batches = await get("/batches");
    const rows = batches.map((batch) => h("li", { class: "run job" }, h("div", {}, heading(batch), h("p", { class: "help" }, told(batch)))));
    const none = h("li", { class: "empty" }, "No batches yet. The command can run one here, too: ", h("code", {}, `muybridge batch LIST --out ${store.about.folder}/batches/NAME`));
    afresh(list, () => list.replaceChildren(...(rows.length ? rows : [none])));
    return batches.some((batch) => batch.running || batch.waiting);
  });
}

export function batchView(main, signal, encoded) {
  const name = decodeURIComponent(encoded);
  const address = `/batches/${encodeURIComponent(name)}`;
  const state = h("p", { class: "lead", role: "status" });
  const trouble = h("div", {});
  const buttons = h("div", { class: "buttons" });
  const list = h("ul", { class: "runs" });
  main.append(h("p", {}, h("a", { href: "#/batches" }, "← All batches")), h("h1", {}, name), state, trouble, buttons, list);
  const rows = new Map();
  let before = "";
  const look = async () => {
    const batch = await get(address);
    const counts = {};
    for (const job of batch.jobs) {
      // Where nobody runs the batch, what it has left as running was cut off.
      if (job.status === "running" && !batch.running) job.status = "stopped";
      counts[job.status] = (counts[job.status] ?? 0) + 1;
    }
    const said = told({ ...batch, counts });
    if (state.textContent !== said) state.textContent = said;
    const looks = JSON.stringify([batch.running, batch.waiting, batch.message, counts]);
    if (looks !== before) {
      trouble.replaceChildren(batch.message ? h("p", { class: "trouble" }, h("strong", {}, sentence(batch.message)), batch.hint ? ` ${sentence(batch.hint)}` : "") : "");
      afresh(buttons, () => buttons.replaceChildren(...actions(address, { ...batch, counts }, () => repeat(signal, look))));
    }
    before = looks;
    for (const job of batch.jobs) {
      const seen = JSON.stringify(job);
      // A row that has not changed stays, so that a video plays on.
      if (rows.get(job.name)?.seen !== seen) rows.set(job.name, { seen, element: row(name, job) });
    }
    const elements = batch.jobs.map((job) => rows.get(job.name).element);
    if (elements.some((element, i) => list.children[i] !== element)) afresh(list, () => list.replaceChildren(...elements));
    return batch.running || batch.waiting;
  };
  repeat(signal, look);
}

/** Stop, go on, delete: what can be done with a batch now. `renew` looks at it again. */
function actions(address, batch, renew) {
  const button = (text, act, kind = "plain") => {
    const made = h("button", { class: kind, type: "button" }, text);
    made.onclick = () => attempt(act, made);
    return made;
  };
  const act = (what) => async () => {
    await post(`${address}/actions/${what}`);
    renew();
  };
  if (batch.running || batch.waiting) return batch.own ? [button("Stop", act("stop"))] : [];
  const left = Object.keys(batch.counts).some((status) => !["done", "skipped"].includes(status)) || !batch.jobs.length;
  const remove = async () => {
    if (!confirm(`Delete ${batch.name} and all its results?`)) return;
    await drop(address);
    location.hash = "#/batches";
  };
  return [batch.own && left ? button("Continue", act("resume"), "primary") : null, button("Delete", remove, "quiet")].filter(Boolean);
}

function heading(batch) {
  return h("h2", {}, h("a", { href: `#/batch/${encodeURIComponent(batch.name)}` }, batch.name));
}

function told(batch) {
  const parts = Object.entries(batch.counts).map(([status, count]) => `${count} ${WORDS[status === "running" && !batch.running ? "stopped" : status]}`);
  const now = batch.running ? "Learning now" : batch.waiting ? "Waiting its turn" : "Not running";
  return `${[now, parts.join(", ")].filter(Boolean).join(": ")}.`;
}

function row(batch, job) {
  const address = (file) =>
    `/api/batches/${encodeURIComponent(batch)}/jobs/${encodeURIComponent(job.name)}/files/${encodeURIComponent(file)}`;
  const results = job.files.filter((file) => file.endsWith(".mp4") && (file.includes("moving-like") || file === `${job.name}.mp4`));
  const videos = results.map((file) => h("figure", {}, film(address(file), file), h("figcaption", { class: "help" }, file.replace(/\.mp4$/, "").replaceAll("-", " "))));
  const report = job.files.includes("report.html") ? h("a", { href: address("report.html"), target: "_blank" }, `Report of ${job.name}`) : null;
  return h(
    "li",
    { class: "run job" },
    h("div", {}, h("h2", {}, job.name), job.error ? h("p", { class: "help" }, sentence(job.error)) : null, h("div", { class: "videos" }, videos), report),
    h("p", { class: "state" }, job.share == null ? WORDS[job.status] : `${WORDS[job.status]}, ${Math.round(100 * job.share)} %`),
  );
}

const calm = matchMedia("(prefers-reduced-motion: reduce)");
/** Results play while they are in sight. */
const sight = new IntersectionObserver((seen) => {
  for (const { target, isIntersecting } of seen) {
    if (!isIntersecting) target.pause();
    else if (!calm.matches) target.play().catch(() => {});
  }
});

function film(address, file) {
  const video = h("video", { src: address, controls: true, loop: true, muted: true, playsInline: true, preload: "metadata", "aria-label": file });
  sight.observe(video);
  return video;
}

const looking = new WeakMap();
/** Look now, and again while something runs and this view is there; a view looks once at a time. */
async function repeat(signal, look) {
  clearTimeout(looking.get(signal));
  let again = false;
  try {
    again = await look();
  } catch (error) {
    if (!signal.aborted) notice(error.message, error.hint);
  }
  if (again && !signal.aborted) looking.set(signal, setTimeout(() => signal.aborted || repeat(signal, look), EVERY));
}
