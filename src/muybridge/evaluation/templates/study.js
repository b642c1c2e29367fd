const study = document.body.dataset.study;
const store = "study-" + study;
const videos = JSON.parse(document.getElementById("videos").textContent);
for (const v of document.querySelectorAll("video")) v.src = "data:video/mp4;base64," + videos[v.dataset.video];
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
  const answers = { study: study, marks: {}, pairs: {} };
  for (const [name, value] of Object.entries(chosen)) {
    const [kind, number, aspect] = name.split("-");
    if (kind === "pair") answers.pairs[number] = value;
    else (answers.marks[number] = answers.marks[number] || {})[aspect] = Number(value);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(answers, null, 1)], { type: "application/json" }));
  link.download = "answers-" + study + ".json";
  link.click();
});
count();
