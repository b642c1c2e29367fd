// A view that holds something which is kept nowhere is not left without a question.

let held = null;

/** While `unsaved()` says so, leaving the view is asked about in these words, until the signal ends. */
export function hold(unsaved, words, signal) {
  held = { unsaved, words };
  signal.addEventListener("abort", () => (held = null));
}

export const mayLeave = () => !held?.unsaved() || confirm(held.words);

// For the page itself the browser asks, in words of its own.
addEventListener("beforeunload", (event) => held?.unsaved() && event.preventDefault());
