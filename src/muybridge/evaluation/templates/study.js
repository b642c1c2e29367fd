const study = document.body.dataset.study;
const store = "study-" + study;
const media = JSON.parse(document.getElementById("media").textContent);
for (const shown of document.querySelectorAll("[data-media]")) {
  const [kind, content] = media[shown.dataset.media];
  shown.src = "data:" + kind + ";base64," + content;
}
const inputs = [...document.querySelectorAll("input")];
const names = new Set(inputs.map(i => i.name));
let chosen = {};
try { chosen = JSON.parse(localStorage.getItem(store) || "{}"); } catch (e) { chosen = {}; }
for (const i of inputs) i.checked = chosen[i.name] === i.value;
function count() {
  const left = names.size - Object.keys(chosen).length;
  document.getElementById("left").textContent = left ? left + " of " + names.size + " questions left" : "all answered";
}
for (const i of inputs) i.addEventListener("change", () => {
  chosen[i.name] = i.value;
  try { localStorage.setItem(store, JSON.stringify(chosen)); } catch (e) { console.warn("answers are not kept", e); }
  count();
});
document.getElementById("save").addEventListener("click", () => {
  const answers = { study: study, marks: {}, pairs: {}, ranks: {} };
  for (const [name, value] of Object.entries(chosen)) {
    const [kind, number, part] = name.split("-");
    if (kind === "pair") answers.pairs[number] = value;
    else {
      const group = kind === "rank" ? answers.ranks : answers.marks;
      (group[number] = group[number] || {})[part] = Number(value);
    }
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answers, null, 1)], { type: "application/json" }));
  link.download = "answers-" + study + ".json";
  link.click();
});
count();
