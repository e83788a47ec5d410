// The table: a tree grid, of which only the visible rows exist.

let table = null;
let body = null;

/** A cell's verdicts: words where there is one, counts where there are several. */
function verdicts(node, column) {
  const counts = countsOf(node.matching, column);
  const present = counts.map((n, status) => [status, n]).filter(([, n]) => n > 0);
  if (present.length === 0) return [make("span", { class: "nothing", "aria-hidden": "true" }, "·"), make("span", { class: "unseen" }, absent(node))];
  if (node.row && present.length === 1) return [sign(present[0][0], present[0][1] > 1 ? `${statuses[present[0][0]].word} ×${present[0][1]}` : statuses[present[0][0]].word)];
  return present.map(([status, n]) => sign(status, String(n), statuses[status].word));
}

const GRAVITY = ["fail", "differs", "xpass", "error", "xfail", "pass", "skip"];
/** The gravest verdict of a cell, for its tint. */
function tint(node, column) {
  const names = new Set(node.matching.flatMap((leaf) => leaf.cells[column]).map((entry) => statuses[entry.status].name));
  return GRAVITY.find((name) => names.has(name)) ?? "none";
}

/** What an empty cell means: of free checks and leftovers only departures are recorded. */
const absent = (node) => (node.kind === "case" || !node.kind ? "not part of this run" : "nothing found");

function rowHeader(node, shown) {
  const arrow = node.row ? null : make("span", { class: "arrow", "aria-hidden": "true" });
  const level = node.requirement ? levelBadges(node, shown) : null;
  const label = node.title === undefined ? make("span", { class: "name" }, node.name) : make("span", { class: "title" }, node.title, shortId(node));
  const n = node.row ? null : make("span", { class: "n", title: count(node.matching.length, "row") }, String(node.matching.length));
  return make("th", { role: "rowheader", scope: "row", tabindex: "-1" }, make("div", { class: `label depth-${node.depth}` }, arrow, label, level, n));
}

/** What a title is of: the id of a requirement, the last part of a case's. The titles of other rows say it themselves. */
function shortId(node) {
  if (node.row && node.kind !== "case") return null;
  return [" ", make("code", {}, node.row ? node.name.split("/").at(-1) : node.name)];
}

/** The levels of a requirement on the dialects of the columns. */
function levelBadges(node, shown) {
  const levels = requirements[node.requirement]?.levels ?? {};
  const here = new Set(shown.map((column) => levels[columns[column].dialect]));
  return LEVELS.filter((level) => here.has(level)).reverse().map((level) => make("span", { class: `level level-${level}`, title: `held to it as: ${level}` }, level));
}

function rowOf(node, shown) {
  const row = make("tr", { role: "row", class: `row-${node.depth}`, "aria-level": node.depth, "aria-expanded": node.row ? null : String(isOpen(node)) });
  row.node = node;
  row.append(rowHeader(node, shown));
  for (const column of shown) {
    row.append(make("td", { role: "gridcell", tabindex: "-1", class: `t-${tint(node, column)}`, "data-column": column }, verdicts(node, column)));
  }
  return row;
}

function head() {
  const cells = shownColumns().map((i) => {
    const column = columns[i];
    return make(
      "th",
      { role: "columnheader", scope: "col", tabindex: "-1", "data-column": i, class: state.in === String(i) ? "looked-at" : null },
      make("span", { class: "target" }, column.target),
      make("span", { class: "version" }, column.version || "no version given"),
      make("span", { class: "about" }, `${column.dialect} · `, make("time", { datetime: column.started }, column.date)),
      column.cut_short ? make("span", { class: "cut", title: column.cut_short }, "cut short") : null,
    );
  });
  const corner = make("th", { role: "columnheader", scope: "col", class: "corner", tabindex: "-1" }, "Family, Action, requirement, case");
  return make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, corner, cells), totals());
}

function totals() {
  const shown = root.matching.filter((leaf) => leaf.kind === "case");
  const node = { matching: shown, row: null, depth: 0, name: "All", title: undefined, kind: undefined };
  const label = make("th", { role: "rowheader", scope: "row", tabindex: "-1" }, make("div", { class: "label" }, isFiltered() ? "Cases shown" : "All cases", make("span", { class: "n" }, String(shown.length))));
  const cells = shownColumns().map((column) => make("td", { role: "gridcell", tabindex: "-1" }, verdicts(node, column)));
  return make("tr", { role: "row", class: "totals" }, label, cells);
}

/** Rows that are drawn at once, more than a screen holds, and rows of each turn after that: the page answers in between. */
const AT_ONCE = 150;
let waiting = null;

/** Appends rows that wait, so many of them; the table is busy until none is left. */
function appendRows(many) {
  const { rows, shown, into } = waiting;
  into.append(...rows.splice(0, many).map((node) => rowOf(node, shown)));
  if (rows.length > 0) return;
  waiting = null;
  into.parentElement?.removeAttribute("aria-busy");
}

/** The whole table, now: for what looks at rows that are not in sight. */
function completeGrid() {
  if (waiting) appendRows(Infinity);
}

function drawSoon(draw) {
  setTimeout(() => {
    if (waiting !== draw) return;
    appendRows(AT_ONCE);
    drawSoon(draw);
  });
}

/** Draws the table anew, the focus staying where it was. */
function drawGrid() {
  const focus = focusedPlace();
  const rows = visible();
  const shown = shownColumns();
  body = make("tbody", { role: "rowgroup" });
  const many = rows.length > AT_ONCE;
  const fresh = make("table", { role: "treegrid", "aria-label": "Compatibility matrix", "aria-readonly": "true", "aria-rowcount": String(rows.length + 2), "aria-busy": many && "true" }, head(), body);
  fresh.style.setProperty("--cells", shown.length);
  const empty = rows.length === 0 ? make("p", { class: "empty" }, "No case is like this. ", make("button", { type: "button", onclick: reset }, "Show all")) : null;
  const scroll = byId("scroll");
  const [top, left] = [scroll.scrollTop, scroll.scrollLeft];
  const draw = { rows: [...rows], shown, into: body };
  waiting = draw;
  appendRows(AT_ONCE);
  // Where the reader is further down, the rows up to there must be there.
  if (top > 0 || focus.row >= AT_ONCE) completeGrid();
  scroll.replaceChildren(...[fresh, empty].filter(Boolean));
  [scroll.scrollTop, scroll.scrollLeft] = [top, left];
  table = fresh;
  table.querySelector(".looked-at")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  restoreFocus(focus);
  if (waiting) drawSoon(draw);
}

addEventListener("beforeprint", completeGrid);
