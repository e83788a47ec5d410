// Which leaves are shown, and what of the tree is open.

const changedRows = new Set(index.changes.flatMap((pair) => pair.list.map((change) => change.row)));

const departs = (entry) => statuses[entry.status].departs;
const wrong = (entry) => departs(entry) || ["error", "xpass", "differs"].includes(statuses[entry.status].name);
const unexpected = (entry) => wrong(entry) && statuses[entry.status].name !== "xfail";
const answered = (entry) => departs(entry) || ["pass", "xpass", "differs"].includes(statuses[entry.status].name);

/** What a column says of a leaf, as far as columns can be compared: it departs, keeps, or says nothing. */
function stance(leaf, column) {
  const said = leaf.cells[column].filter(answered);
  if (said.some(departs)) return "departs";
  // Of free checks and leftovers only departures are recorded.
  if (said.length > 0 || leaf.kind !== "case") return "keeps";
  return "silent";
}

const SHOWN = {
  all: () => true,
  departing: (leaf, at) => at.some((column) => leaf.cells[column].some(wrong)),
  failing: (leaf, at) => at.some((column) => leaf.cells[column].some(unexpected)),
  differ(leaf, at, shown) {
    const said = shown.map((column) => stance(leaf, column)).filter((stance) => stance !== "silent");
    return new Set(said).size > 1;
  },
  only(leaf, at, shown) {
    const departing = shown.filter((column) => stance(leaf, column) === "departs");
    const keeping = shown.some((column) => stance(leaf, column) === "keeps");
    return departing.length === 1 && keeping && at.includes(departing[0]);
  },
  changed: (leaf) => changedRows.has(leaf.row.n),
};

/** The test that a leaf must pass to be shown. */
function filter() {
  const shown = shownColumns();
  const at = state.in === "" ? shown : shown.filter((column) => column === +state.in);
  const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
  const [levels, provenances, families] = [list("level"), list("provenance"), list("family")];
  return (leaf) =>
    words.every((word) => leaf.text.includes(word)) &&
    (families.length === 0 || families.includes(leaf.parent.parent.parent.name)) &&
    (levels.length === 0 || at.some((column) => leaf.cells[column].some((entry) => levels.includes(LEVELS[entry.level])))) &&
    (provenances.length === 0 || provenances.some((provenance) => leaf.provenances.has(provenance))) &&
    SHOWN[state.show](leaf, at, shown);
}

const isFiltered = () => ["q", "level", "provenance", "family"].some((name) => state[name]) || state.show !== "all";

/** Marks what is to be seen: `matching` leaves below each node. Returns the leaves. */
function applyFilter() {
  const test = filter();
  const walk = (node) => {
    if (node.row) return (node.matching = test(node) ? [node] : []);
    node.matching = node.children.flatMap(walk);
    return node.matching;
  };
  return walk(root);
}

/** How deep the tree is open: as chosen, and down to the cases when a filter leaves few of them. */
const FEW = 60;
const openDepth = () => (isFiltered() && state.fold === DEFAULTS.fold && root.matching.length <= FEW ? 4 : +state.fold);

/** Keys of the nodes that the reader folded or unfolded. */
let turned = new Set();

/** Whether a node's children are shown. A turned one is the other way round than its depth says. */
const isOpen = (node) => node.depth < openDepth() !== turned.has(node.key);

/** The nodes to show, from top to bottom. */
function visible() {
  const out = [];
  const walk = (node) => {
    for (const child of node.children) {
      if (child.matching.length === 0) continue;
      out.push(child);
      if (!child.row && isOpen(child)) walk(child);
    }
  };
  walk(root);
  return out;
}

function turn(nodes) {
  for (const node of nodes) {
    if (turned.has(node.key)) turned.delete(node.key);
    else turned.add(node.key);
  }
  choose({ turned: listed([...turned]) });
}

