// What the reader has chosen. It is kept in the address, so that it can be linked to and survives a reload.

const SHOWS = [
  ["all", "All cases"],
  ["departing", "Failing, known or not"],
  ["failing", "Failing, not known"],
  ["differ", "Where targets differ"],
  ["only", "Fails only here"],
  ["changed", "Changed since before"],
];
const FOLDS = [
  ["1", "Families"],
  ["2", "Actions"],
  ["3", "Requirements"],
  ["4", "Cases"],
];
const DEFAULTS = { view: "matrix", q: "", show: "all", in: "", level: "", provenance: "", family: "", hide: "", fold: "2", turned: "", cell: "" };
const state = { ...DEFAULTS };

/** Values of a list in the state. */
const list = (name) => (state[name] ? state[name].split(",").map(decodeURIComponent) : []);
const listed = (values) => values.map(encodeURIComponent).join(",");

const shownColumns = () => columns.map((_, i) => i).filter((i) => !list("hide").includes(String(i)));

function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const name of Object.keys(DEFAULTS)) state[name] = given.get(name) ?? DEFAULTS[name];
  if (!SHOWS.some(([value]) => value === state.show)) state.show = DEFAULTS.show;
  if (!FOLDS.some(([value]) => value === state.fold)) state.fold = DEFAULTS.fold;
  if (shownColumns().length === 0) state.hide = "";
  if (!columns[state.in]) state.in = "";
}

/** Writes the state into the address. A step that the reader would want to go back from is one of its history. */
function writeAddress(step) {
  const chosen = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value !== DEFAULTS[name]) chosen.set(name, value);
  const hash = chosen.toString();
  const address = hash ? `#${hash}` : location.pathname + location.search;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}

/** Changes the state and shows it. */
function choose(changes, step = false) {
  Object.assign(state, changes);
  writeAddress(step);
  show();
}

