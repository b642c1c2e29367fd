// Elements, words for numbers, and what is told to the person.

/** An element: h("button", {class: "x", onclick}, "text", child). Attributes that are null or false are left out. */
export function h(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list" && name !== "form" && typeof value !== "string") made[name] = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return made;
}

export const $ = (selector, within = document) => within.querySelector(selector);

const STAYS = { error: 20_000, good: 6000 };

/** Say a sentence to the person; it goes when it is pressed, or by itself, unless somebody points at it or has the focus
    in it. */
export function notice(message, hint = null, kind = "error") {
  const box = h(
    "div",
    { class: `notice ${kind}`, onclick: () => getSelection().isCollapsed && box.remove() },
    h("p", {}, h("strong", {}, sentence(message)), hint ? ` ${sentence(hint)}` : ""),
    h("button", { class: "quiet", "aria-label": "Close this message", onclick: () => box.remove() }, "✕"),
  );
  // An error interrupts a screen reader, good news wait until it pauses.
  const all = $(kind === "error" ? "#notices" : "#news");
  if ([...all.children].some((n) => n.textContent === box.textContent)) return;
  all.append(box);
  while (all.children.length > 3) all.firstChild.remove();
  const leave = () => (box.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : box.remove());
  setTimeout(leave, STAYS[kind]);
}

/** Take a button out of use without disabling it, which would take the focus from it; app.js stops its clicks. */
export const rest = (button, resting = true) =>
  resting ? button.setAttribute("aria-disabled", "true") : button.removeAttribute("aria-disabled");

/** Run something that may fail, and say why it did; a button is out of use for that time. */
export async function attempt(work, button = null) {
  if (button) rest(button);
  try {
    return await work();
  } catch (error) {
    notice(error.message, error.hint);
    return undefined;
  } finally {
    if (button) rest(button, false);
  }
}

const words = (e) =>
  [e.type, e.type === "radio" && e.value, e.getAttribute("href"), e.getAttribute("aria-label") ?? e.labels?.[0]?.textContent ?? e.textContent].join();

/** Draw a place anew; who had the focus there has it again, found by its words, or else the place itself has it. */
export function afresh(place, draw) {
  const held = document.activeElement;
  const inside = held !== place && place.contains(held);
  const name = inside && words(held);
  draw();
  if (!inside || document.activeElement === held) return;
  const same = held.isConnected ? held : [...place.querySelectorAll(held.tagName)].find((e) => words(e) === name);
  if (!same) place.tabIndex = -1;
  (same ?? place).focus({ preventScroll: true });
}

export const sentence = (text) => {
  const trimmed = String(text).trim();
  const begun = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
};

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "some time";
  if (seconds < 1) return "a moment";
  if (seconds < 90) return `${Math.round(seconds)} second${Math.round(seconds) === 1 ? "" : "s"}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} minutes`;
  const hours = seconds / 3600;
  return hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(1)} days`;
}

export function bytes(count) {
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} KB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}

export const when = (iso) =>
  new Date(iso).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

/** As large as its place and a height, a length of CSS, allow, without bars beside the picture. */
export function fit(element, width, height, most) {
  element.style.width = `min(100%, calc(${most} * ${(width / height).toFixed(4)}))`;
  element.style.aspectRatio = `${width} / ${height}`;
  return element;
}

/** A field with its label, and a line of help. */
export function field(label, control, help = null) {
  control.id ||= `f${Math.random().toString(36).slice(2)}`;
  const made = h("div", { class: "field" }, h("label", { for: control.id }, label), control);
  if (help) {
    const text = h("p", { class: "help", id: `${control.id}-help` }, help);
    control.setAttribute("aria-describedby", text.id);
    made.append(text);
  }
  return made;
}

/** A select of [value, text] pairs. */
export function choice(pairs, chosen, onchange) {
  const made = h(
    "select",
    { onchange: () => onchange(made.value) },
    pairs.map(([value, text]) => h("option", { value, selected: value === chosen }, text)),
  );
  return made;
}
