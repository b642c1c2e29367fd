// Batches that the command runs into the studio's folder, and the jobs of one of them.

import { afresh, h, notice, sentence } from "../dom.js";
import { get } from "../net/api.js";

/** Nothing tells a page of what another process does: it looks now and then. */
const EVERY = 3000;

export function batchesView(main, signal) {
  const list = h("ul", { class: "runs" });
  main.append(h("h1", {}, "Batches"), list);
  repeat(signal, async () => {
    const batches = await get("/batches");
    const rows = batches.map((batch) => h("li", { class: "run job" }, h("div", {}, heading(batch), summary(batch))));
    const none = h("li", { class: "empty" }, "No batches here. Run one into this studio's folder: ", h("code", {}, "muybridge batch LIST --out STUDIO/batches/NAME"));
    afresh(list, () => list.replaceChildren(...(rows.length ? rows : [none])));
    return batches.some((batch) => batch.running);
  });
}

export function batchView(main, signal, encoded) {
  const name = decodeURIComponent(encoded);
  const state = h("p", { class: "help" });
  const list = h("ul", { class: "runs" });
  main.append(h("p", {}, h("a", { href: "#/batches" }, "← All batches")), h("h1", {}, name), state, list);
  const rows = new Map();
  repeat(signal, async () => {
    const batch = await get(`/batches/${encodeURIComponent(name)}`);
    const counts = {};
    for (const job of batch.jobs) {
      // Where nobody runs the batch, what it has left as running was cut off.
      if (job.status === "running" && !batch.running) job.status = "stopped";
      counts[job.status] = (counts[job.status] ?? 0) + 1;
    }
    state.textContent = told({ ...batch, counts });
    for (const job of batch.jobs) {
      const looks = JSON.stringify(job);
      // A row that has not changed stays, so that a video plays on.
      if (rows.get(job.name)?.looks !== looks) rows.set(job.name, { looks, element: row(name, job) });
    }
    const elements = batch.jobs.map((job) => rows.get(job.name).element);
    if (elements.some((element, i) => list.children[i] !== element)) afresh(list, () => list.replaceChildren(...elements));
    return batch.running;
  });
}

function heading(batch) {
  return h("h2", {}, h("a", { href: `#/batch/${encodeURIComponent(batch.name)}` }, batch.name));
}

function summary(batch) {
  return h("p", { class: "help" }, told(batch));
}

function told(batch) {
  const parts = Object.entries(batch.counts).map(
    ([status, count]) => `${count} ${status === "running" && !batch.running ? "stopped" : status}`,
  );
  return [batch.running ? "Running now" : "Not running", ...parts].join(", ");
}

function row(batch, job) {
  const address = (file) =>
    `/api/batches/${encodeURIComponent(batch)}/jobs/${encodeURIComponent(job.name)}/files/${encodeURIComponent(file)}`;
  const results = job.files.filter((file) => file.endsWith(".mp4") && (file.includes("moving-like") || file === `${job.name}.mp4`));
  const videos = results.map((file) =>
    h("video", { src: address(file), controls: true, loop: true, muted: true, playsinline: true, preload: "metadata", width: 160, "aria-label": file }),
  );
  const report = job.files.includes("report.html") ? h("a", { href: address("report.html"), target: "_blank" }, `Report of ${job.name}`) : null;
  return h(
    "li",
    { class: "run job" },
    h("div", {}, h("h2", {}, job.name), job.error ? h("p", { class: "help" }, sentence(job.error)) : null, h("p", {}, ...videos), report),
    h("p", { class: "state" }, job.share == null ? job.status : `${job.status}, ${Math.round(100 * job.share)} %`),
  );
}

/** Look now, and again while something runs and this view is there. */
async function repeat(signal, look) {
  let again = false;
  try {
    again = await look();
  } catch (error) {
    notice(error.message, error.hint);
  }
  if (again && !signal.aborted) setTimeout(() => signal.aborted || repeat(signal, look), EVERY);
}
