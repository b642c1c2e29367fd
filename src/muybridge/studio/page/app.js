// Which view is shown for which address.

import { $, bytes, h, notice } from "./dom.js";
import * as store from "./net/store.js";
import { announce } from "./parts/clip-work.js";
import { listens, tellEnds } from "./parts/end-notice.js";
import { mayLeave } from "./parts/unsaved.js";
import { startView } from "./views/start-view.js";
import { batchView, batchesView } from "./views/batch-view.js";
import { runsView } from "./views/runs-view.js";
import { paintView } from "./views/silhouette-view.js";
import { runView } from "./views/run-view.js";
import { compareView } from "./views/compare-view.js";
import { animateView } from "./views/animate-view.js";
import { movedView } from "./views/animation-view.js";

/** For each: its address, its view, its title, and which link of the top bar it belongs to. */
const routes = [
  [/^#\/runs$/, runsView, "Runs", "#/runs"],
  [/^#\/batches$/, batchesView, "Batches", "#/runs"],
  [/^#\/batch\/([^/]{1,600})$/, batchView, "Batch", "#/runs"],
  [/^#\/compare\/([a-f0-9]{12})(?:\/([a-f0-9]{12}))?$/, compareView, "Compare", "#/runs"],
  [/^#\/animate$/, animateView, "Animate", "#/animate"],
  [/^#\/animation\/([a-f0-9]{12})$/, movedView, "Animation", "#/animate"],
  [/^#\/clip\/([a-f0-9]{12})$/, paintView, "Silhouettes", "#/"],
  [/^#\/run\/([a-f0-9]{12})(?:\/(learning|result|edit))?$/, runView, "Run", "#/runs"],
  [/^/, startView, "New pair", "#/"],
];
let current = new AbortController();

function show() {
  const address = location.hash;
  const [pattern, view, title, place] = routes.find(([p]) => p.test(address));
  current.abort();
  current = new AbortController();
  const main = $("#view");
  main.replaceChildren();
  document.title = `${title} · Muybridge studio`;
  for (const link of document.querySelectorAll("nav a"))
    if (link.hash === place) link.setAttribute("aria-current", place === (address || "#/") ? "page" : "true");
    else link.removeAttribute("aria-current");
  view(main, current.signal, ...address.match(pattern).slice(1));
  scrollTo(0, 0);
}

function foot() {
  const { used, limits, machine } = store.about;
  $("#foot").replaceChildren(
    h("span", {}, `Runs on ${machine.device.trim().replace(/^cpu\b/, "the CPU")}, ${machine.threads} thread${machine.threads === "1" ? "" : "s"}`),
    h("span", {}, `${bytes(used)} of ${bytes(limits.quota_bytes)} used`),
    h("span", {}, "Nothing leaves this machine"),
  );
}

/** What is used of the disk changes with what is made and deleted; a moment later, once for all of it. */
let counted = null;
function count(kind) {
  if (kind === "progress" || counted) return;
  counted = setTimeout(async () => {
    counted = null;
    await store.renew().then(foot, () => {});
  }, 3000);
}

/** Until the studio answers, for it may be starting. */
async function begin() {
  try {
    await store.refresh();
  } catch (error) {
    store.away(error);
    setTimeout(begin, 2000);
    return;
  }
  store.away(null);
  foot();
  show();
  store.follow(listens);
  tellEnds();
  store.listen(count);
  announce();
  addEventListener("hashchange", (event) => {
    if (!mayLeave()) {
      history.pushState(null, "", event.oldURL);
      return;
    }
    for (const said of document.querySelectorAll(".notice.error")) said.remove();
    show();
    $("#view").focus({ preventScroll: true });
  });
}

$(".skip").onclick = (event) => {
  // The hash names the view, and a jump would change it.
  event.preventDefault();
  $("#view").focus();
};
addEventListener(
  "click",
  (event) => {
    if (!event.target.closest("button[aria-disabled=true]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  true,
);
// A file that is dropped beside a place for it would be opened by the browser, instead of the studio.
for (const kind of ["dragover", "drop"])
  addEventListener(kind, (event) => {
    if (event.defaultPrevented || event.target.type === "file" || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
addEventListener("unhandledrejection", (event) => {
  notice(event.reason?.message ?? "something went wrong on this page", event.reason?.hint);
});
addEventListener("error", (event) => notice(event.message || "something went wrong on this page", "Load it again."));

// The token is in a cookie now; it need not stand in the address, to be copied by mistake.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

begin();
