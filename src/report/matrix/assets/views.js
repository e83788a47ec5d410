// The tools above the table, and the other views: what changed between two runs, and what the runs were.

const VIEWS = [
  ["matrix", "Matrix"],
  ...(index.changes.length ? [["changes", "Changes"]] : []),
  ["targets", "Targets"],
];

function select(name, label, options) {
  const element = make("select", { id: name, onchange: () => choose({ [name]: element.value }) }, options.map(([value, text]) => make("option", { value }, text)));
  return make("label", {}, make("span", {}, label), element);
}

/** A menu of boxes. None ticked: no restriction. */
function boxes(name, label, options) {
  const change = () => choose({ [name]: listed([...menu.querySelectorAll("input:checked")].map((box) => box.value)) });
  const items = options.map(([value, text]) => make("label", {}, make("input", { type: "checkbox", value, onchange: change }), text));
  const menu = make("details", { class: "menu", id: `menu-${name}` }, make("summary", {}, label), make("div", { role: "group", "aria-label": label }, items));
  menu.update = () => {
    const chosen = list(name);
    for (const box of menu.querySelectorAll("input")) box.checked = chosen.includes(box.value);
    const one = chosen.length === 1 ? options.find(([value]) => value === chosen[0])?.[1] : null;
    menu.firstChild.textContent = chosen.length ? `${label}: ${one ?? chosen.length}` : label;
    menu.classList.toggle("chosen", chosen.length > 0);
  };
  return menu;
}

function reset() {
  turned = new Set();
  choose({ ...DEFAULTS, view: state.view });
  byId("q").value = "";
}

const menus = [];

function drawTools() {
  const search = make("input", { id: "q", type: "search", placeholder: "Search  ( / )", "aria-label": "Search", autocomplete: "off", spellcheck: "false", oninput: () => choose({ q: search.value }) });
  const shows = SHOWS.filter(([value]) => (value !== "changed" || index.changes.length) && (!["differ", "only"].includes(value) || columns.length > 1));
  menus.push(
    boxes("level", "Level", [...LEVELS].reverse().map((level) => [level, level])),
    boxes("provenance", "Provenance", PROVENANCES.map((p) => [p, p])),
    boxes("family", "Family", root.children.map((family) => [family.name, family.name])),
  );
  if (columns.length > 1) menus.push(boxes("hide", "Hide targets", columns.map((column, i) => [String(i), `${columnName(column)} ${column.dialect} ${column.date}`])));
  const target = [["", "any target"], ...columns.map((column, i) => [String(i), `${columnName(column)} ${column.dialect}`])];
  byId("tools").append(
    search,
    select("show", "Show", shows),
    columns.length > 1 ? select("in", "in", target) : "",
    ...menus,
    select("fold", "Fold to", FOLDS),
    make("button", { type: "button", id: "reset", onclick: reset }, "Reset"),
  );
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  byId("fold").addEventListener("change", () => {
    turned = new Set();
    choose({ turned: "" });
  });
  document.addEventListener("click", (event) => {
    for (const menu of menus) if (!menu.contains(event.target)) menu.open = false;
  });
}

/** Puts what was chosen into the tools. */
function updateTools() {
  const search = byId("q");
  if (document.activeElement !== search) search.value = state.q;
  for (const name of ["show", "in", "fold"]) if (byId(name)) byId(name).value = state[name];
  menus.forEach((menu) => menu.update());
  byId("reset").disabled = !isFiltered() && !state.in && !state.hide && !state.turned && state.fold === DEFAULTS.fold;
}

function drawTabs() {
  const step = (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const tabs = [...byId("views").children];
    const next = tabs[(tabs.indexOf(event.target) + move + tabs.length) % tabs.length];
    choose({ view: next.dataset.view }, true);
    next.focus();
  };
  byId("views").append(
    ...VIEWS.map(([view, text]) =>
      make("button", { type: "button", role: "tab", id: `tab-${view}`, "data-view": view, "aria-controls": view, onkeydown: step, onclick: () => choose({ view }, true) }, text),
    ),
  );
}

function updateViews() {
  if (!VIEWS.some(([view]) => view === state.view)) state.view = "matrix";
  for (const [view] of VIEWS) {
    byId(view).hidden = view !== state.view;
    const tab = byId(`tab-${view}`);
    tab.setAttribute("aria-selected", String(view === state.view));
    tab.tabIndex = view === state.view ? 0 : -1;
  }
  byId("tools").hidden = state.view !== "matrix";
}

function drawChanges() {
  byId("changes").replaceChildren(...index.changes.map(pair));
}

/** Before and after, the most urgent first. */
function pair(changes) {
  const [before, after] = [columns[changes.before], columns[changes.after]];
  const name = (column) => `${columnName(column)} (${column.date})`;
  const tables = index.kinds.map(([kind, title]) => {
    const here = changes.list.filter((change) => change.kind === kind);
    if (here.length === 0) return null;
    const rows = here.map(({ row, configuration, before: was, after: is }) => {
      const leaf = leafByNumber.get(row);
      const state = (status, column) =>
        make("td", {}, status === null ? make("span", { class: "dim" }, absent(leaf)) : make("button", { type: "button", class: "link", onclick: () => openCell(leaf, column), "aria-label": `${statuses[status].word}: evidence` }, badge(status)));
      return make("tr", {}, make("th", { scope: "row" }, leaf.title, " ", make("code", {}, leaf.name)), make("td", {}, configuration), state(was, changes.before), state(is, changes.after));
    });
    const head = make("tr", {}, ["What", "Configuration", "Before", "After"].map((text) => make("th", { scope: "col" }, text)));
    return make("section", { class: `change change-${kind}` }, make("h3", {}, `${title}: ${here.length}`), make("div", { class: "wide" }, make("table", {}, make("thead", {}, head), make("tbody", {}, rows))));
  });
  return make("article", {}, make("h2", {}, `${name(before)} → ${name(after)}`), make("p", { class: "dim" }, changes.words), tables);
}

function drawTargets() {
  byId("targets").replaceChildren(...columns.map(targetCard));
}

function targetCard(column, i) {
  const facts = [
    ["endpoint", column.endpoint],
    ["dialect", `${column.dialect}: ${column.configurations.join(", ")}`],
    ["run", `${column.run}, ${column.started.replace("T", " ").replace("Z", " UTC")}`],
    ["verdicts", inWords(countsOf(cases, i)) || "none"],
    ["calls of the run", `${column.calls} in ${(column.millis / 1000).toFixed(1)} s, seed ${column.seed}`],
    ["failures count from", column.level],
    ["iamspec", `${column.iamspec}, suite ${column.suite.slice(0, 12)}`],
    ["cut short", column.cut_short],
  ];
  const missing = column.missing.map(([action, evidence]) => make("li", {}, make("b", {}, action), " ", make("code", {}, evidence)));
  return make(
    "article",
    {},
    make("h2", {}, columnName(column), make("span", { class: "dim" }, ` ${column.dialect}`)),
    make("dl", {}, facts.filter(([, text]) => text).flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)])),
    missing.length ? section(`Actions it does not have: ${missing.length}`, make("ul", { class: "missing" }, missing)) : null,
    column.notes.length ? section("Notes", make("ul", {}, column.notes.map((note) => make("li", {}, note)))) : null,
  );
}

function legend() {
  const used = statuses.map((status, i) => (leaves.some((leaf) => leaf.cells.some((cell) => cell.some((entry) => entry.status === i))) ? badge(i) : null));
  return make("p", { class: "legend" }, used);
}

