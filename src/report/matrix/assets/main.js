// The beginning: what does not change is drawn once, everything else whenever the state changes.

function facts() {
  const suites = new Set(columns.map((column) => column.suite)).size;
  const parts = [count(Object.keys(requirements).length, "requirement"), count(columns.length, "target run")];
  if (suites > 1) parts.push(`${suites} versions of the suite`);
  byId("facts").append(make("output", { id: "count", "aria-live": "polite" }), ["", ...parts].join(" · "));
}

function show() {
  updateViews();
  updateTools();
  applyFilter();
  const shown = root.matching.filter((leaf) => leaf.kind === "case").length;
  byId("count").textContent = shown === cases.length ? count(shown, "case") : `${shown} of ${count(cases.length, "case")}`;
  if (state.view === "matrix") drawGrid();
  drawEvidence();
}

function follow() {
  readAddress();
  turned = new Set(list("turned"));
  show();
}

facts();
drawTabs();
drawTools();
drawChanges();
drawTargets();
document.querySelector("header.top").append(legend());
byId("scroll").addEventListener("keydown", onKey);
byId("scroll").addEventListener("click", (event) => {
  const cell = event.target.closest("td, th");
  if (cell && !getSelection().toString()) act(cell);
});
addEventListener("hashchange", follow);
follow();
performance.mark("ready");
