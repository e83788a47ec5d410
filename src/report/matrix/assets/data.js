// The data of the page, and the making of elements. Every text goes in as text: nothing here writes markup.

const index = JSON.parse(document.getElementById("index").textContent);
const { statuses, columns, requirements } = index;
const LEVELS = ["may", "should", "must"];
const PROVENANCES = ["seed", "documented", "recorded", "field", "client-code", "inferred"];

/** An element with attributes, listeners (`onclick: f`) and children; children that are null are left out. */
function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

const byId = (id) => document.getElementById(id);
const count = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;
const columnName = (column) => `${column.target}${column.version ? " " + column.version : ""}`;

/** The entries of a cell: three digits each, verdict, level and configuration. */
function entries(cell, column) {
  const all = [];
  for (let i = 0; i < cell.length; i += 3) {
    all.push({ status: +cell[i], level: +cell[i + 1], configuration: columns[column].configurations[+cell[i + 2]] });
  }
  return all;
}

/** The tree of rows. A node knows its parent, its depth, the leaves below it, and a key that is the same in every report. */
const root = { key: "", depth: 0, children: [], name: "All cases" };
const leaves = [];

function branch(parent, name, more) {
  const node = { key: parent === root ? name : `${parent.key}/${name}`, name, parent, depth: parent.depth + 1, children: [], ...more };
  parent.children.push(node);
  return node;
}

for (const family of index.families) {
  const familyNode = branch(root, family.name, { kind: family.kind });
  for (const action of family.actions) {
    const actionNode = branch(familyNode, action.name, { kind: family.kind });
    for (const group of action.requirements) {
      const known = requirements[group.id];
      const groupNode = branch(actionNode, group.id, { kind: family.kind, requirement: group.id, title: known?.text });
      for (const row of group.rows) {
        const leaf = branch(groupNode, row.id, { key: family.kind === "case" ? row.id : `${group.id} ${row.id}`, kind: family.kind, row, title: row.title });
        leaf.cells = row.cells.map(entries);
        leaf.requirements = [group.id, ...(row.also ?? [])];
        leaf.text = [row.id, row.title, ...leaf.requirements, ...leaf.requirements.map((id) => requirements[id]?.text ?? "")]
          .join(" ")
          .toLowerCase();
        leaf.provenances = new Set(leaf.requirements.flatMap((id) => requirements[id]?.sources ?? []).map((source) => source[1]));
        leaves.push(leaf);
      }
    }
  }
}

const leafByKey = new Map(leaves.map((leaf) => [leaf.key, leaf]));
const leafByNumber = new Map(leaves.map((leaf) => [leaf.row.n, leaf]));
const cases = leaves.filter((leaf) => leaf.kind === "case");

const evidenceOf = new Map();
/** The evidence of a cell, one for each entry. A column's is read when it is first asked for; null while the page still loads. */
function evidence(leaf, column) {
  if (!evidenceOf.has(column)) {
    const block = byId(`evidence-${column}`);
    if (!block || document.readyState === "loading") return null;
    evidenceOf.set(column, JSON.parse(block.textContent));
  }
  return evidenceOf.get(column)[leaf.row.n] ?? [];
}

/** Counts by verdict, in the order of the verdicts. */
function countsOf(all, column) {
  const counts = new Array(statuses.length).fill(0);
  for (const leaf of all) for (const entry of leaf.cells[column]) counts[entry.status] += 1;
  return counts;
}

const inWords = (counts) => counts.map((n, i) => (n ? `${n} ${statuses[i].word}` : "")).filter(Boolean).join(", ");

/** A verdict as a sign and a word, or a number with the word unseen: never a colour alone. */
function sign(status, text, unseen) {
  const { name, sign } = statuses[status];
  const rest = unseen ? make("span", { class: "unseen" }, ` ${unseen}`) : null;
  return make("span", { class: `v v-${name}` }, make("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${text}`, rest);
}

/** A verdict with its meaning. */
function badge(status) {
  const { word, meaning } = statuses[status];
  const badge = sign(status, word);
  badge.title = `${word}: ${meaning}`;
  return badge;
}

