// Which view is shown for which address.

import { $, bytes, h, notice } from "./dom.js";
import * as store from "./store.js";
import { startView } from "./start.js";
import { runsView } from "./runs.js";
import { paintView } from "./paint.js";
import { runView } from "./run.js";
import { animateView } from "./animate.js";
import { movedView } from "./moved.js";

const routes = [
  [/^#\/runs$/, runsView, "Runs"],
  [/^#\/animate$/, animateView, "Animate"],
  [/^#\/animation\/([a-f0-9]{12})$/, movedView, "Animation"],
  [/^#\/clip\/([a-f0-9]{12})$/, paintView, "Silhouettes"],
  [/^#\/run\/([a-f0-9]{12})(?:\/(learning|result|edit))?$/, runView, "Run"],
  [/^(#\/?|#view|)$/, startView, "New pair"],
];
let current = new AbortController();

function show() {
  const address = location.hash;
  // Before everything is loaded there is nothing to show; it is called again then.
  if (address === "#view" || !store.about) return;
  const [pattern, view, title] = routes.find(([p]) => p.test(address)) ?? routes[routes.length - 1];
  current.abort();
  current = new AbortController();
  const main = $("#view");
  main.replaceChildren();
  document.title = `${title} · Muybridge studio`;
  for (const link of document.querySelectorAll("nav a"))
    link.toggleAttribute("aria-current", link.getAttribute("href") === address || (!address && link.hash === "#/"));
  view(main, current.signal, ...(address.match(pattern)?.slice(1) ?? []));
  scrollTo(0, 0);
}

function foot() {
  const { used, limits, machine } = store.about;
  $("#foot").replaceChildren(
    h("span", {}, `Runs on ${machine.device.trim()}, ${machine.threads} thread${machine.threads === "1" ? "" : "s"}`),
    h("span", {}, `${bytes(used)} of ${bytes(limits.quota_bytes)} used`),
    h("span", {}, "Nothing leaves this machine"),
  );
}

addEventListener("hashchange", () => {
  for (const said of document.querySelectorAll(".notice.error")) said.remove();
  show();
  $("#view").focus({ preventScroll: true });
});
addEventListener("unhandledrejection", (event) => {
  notice(event.reason?.message ?? "something went wrong on this page", event.reason?.hint);
});
addEventListener("error", (event) => notice(event.message || "something went wrong on this page", "Load it again."));

// The token is in a cookie now; it need not stand in the address, to be copied by mistake.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);

try {
  await store.refresh();
  store.follow();
  foot();
  show();
} catch (error) {
  notice(error.message, error.hint);
}
