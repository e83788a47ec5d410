// What a cell opens: why the verdict is what it is, and how to see it again.

/** Opens the evidence of a leaf, or the list of a group's leaves, in one column. */
function openCell(node, column) {
  choose({ cell: `${column}:${node.key}` }, true);
  byId("evidence").querySelector("h2")?.focus();
}

function closeEvidence() {
  choose({ cell: "" }, true);
  table?.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
}

function nodeAt(key) {
  const leaf = leafByKey.get(key);
  if (leaf) return leaf;
  let found = null;
  const walk = (node) => (node.key === key ? (found = node) : node.children.forEach(walk));
  walk(root);
  return found;
}

/** Shows what the state says is open. */
function drawEvidence() {
  const panel = byId("evidence");
  const [, column, key] = state.cell.match(/^(\d+):(.*)$/s) ?? [];
  const node = key && columns[column] ? nodeAt(key) : null;
  document.body.classList.toggle("with-evidence", Boolean(node));
  panel.hidden = !node;
  if (!node) return panel.replaceChildren();
  const known = node.row ? evidence(node, +column) : [];
  if (known === null) {
    document.addEventListener("DOMContentLoaded", drawEvidence, { once: true });
    return panel.replaceChildren(make("p", {}, "Loading…"));
  }
  panel.replaceChildren(heading(node, +column), ...(node.row ? leafEvidence(node, +column, known) : groupEvidence(node, +column)));
  panel.scrollTop = 0;
}

function heading(node, column) {
  return make(
    "header",
    {},
    make("button", { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)", onclick: closeEvidence }, "×"),
    make("p", { class: "where" }, columnName(columns[column]), ` · ${columns[column].dialect} · ${columns[column].date}`),
    make("h2", { tabindex: "-1" }, node.title ?? node.name),
    node.title === node.name ? null : make("p", {}, make("code", {}, node.row ? node.name : node.key)),
  );
}

function section(title, ...content) {
  return make("section", {}, make("h3", {}, title), content);
}

/** A group in one column: its leaves by verdict, the gravest first, each a way in. */
function groupEvidence(node, column) {
  const order = statuses.map((_, i) => i).sort((a, b) => GRAVITY.indexOf(statuses[a].name) - GRAVITY.indexOf(statuses[b].name));
  const parts = order.map((i) => {
    const here = node.matching.filter((leaf) => leaf.cells[column].some((entry) => entry.status === i));
    if (here.length === 0) return null;
    const items = here.map((leaf) => make("li", {}, make("button", { type: "button", class: "link", onclick: () => openCell(leaf, column) }, leaf.title), " ", make("code", {}, leaf.name)));
    return make("section", {}, make("h3", {}, badge(i), ` ${here.length}`), make("ul", { class: "ways" }, items));
  });
  const some = parts.filter(Boolean);
  return some.length ? some : [make("p", {}, "Nothing in this run.")];
}

function leafEvidence(leaf, column, known) {
  const told = leaf.cells[column].map((entry, i) => verdict(leaf, entry, known[i] ?? {}));
  if (told.length === 0) {
    told.push(make("p", {}, leaf.kind === "case" ? "This case was not part of the run." : "No departure of this kind was seen in the run."));
  }
  return [...told, rules(leaf, columns[column].dialect), elsewhere(leaf, column)];
}

function verdict(leaf, entry, told) {
  const times = [told.millis ? `${told.millis} ms` : null, told.waited ? `${told.waited} ms of it waiting for repeated attempts` : null];
  return make(
    "article",
    {},
    make("p", { class: "verdict" }, badge(entry.status), make("span", { class: "dim" }, [entry.configuration, LEVELS[entry.level], ...times].filter(Boolean).join(" · "))),
    told.reason ? make("p", { class: "reason" }, told.reason) : null,
    told.text ? finding(leaf, told) : null,
    told.differs ? section("Differs", told.differs.map((difference) => differs(difference, told.steps ?? []))) : null,
    told.steps ? section("Calls", make("ol", { class: "calls" }, told.steps.map((step) => call(step, told.differs ?? [])))) : null,
    told.repeat ? repeat(told, entry) : null,
    leaf.row.loc ? make("p", { class: "dim" }, "case ", make("code", {}, leaf.row.loc)) : null,
  );
}

/** A free check or a leftover. */
function finding(leaf, told) {
  const facts = [
    [leaf.kind === "check" ? "where" : "what", told.at],
    [leaf.kind === "check" ? "found" : "why", told.text],
    ["seen in", told.count ? `${count(told.count, "response")}, as of the case ${told.case}` : `the case ${told.case}`],
  ];
  return make("dl", {}, facts.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, make("code", {}, text))]));
}

/** Expected and actual, with what they do not have in common marked. */
function differs(difference, steps) {
  const step = steps.find((step) => step.step === difference.step);
  const { expected, actual } = difference;
  let start = 0;
  while (start < Math.min(expected.length, actual.length) && expected[start] === actual[start]) start += 1;
  let end = 0;
  while (end < Math.min(expected.length, actual.length) - start && expected.at(-1 - end) === actual.at(-1 - end)) end += 1;
  const worth = start + end > 3;
  const marked = (text, tag) =>
    worth ? [text.slice(0, start), make(tag, {}, text.slice(start, text.length - end)), text.slice(text.length - end)] : [make(tag, {}, text)];
  return make(
    "div",
    { class: "difference" },
    make("p", {}, `step ${difference.step} ${step?.call ?? ""}${difference.at ? ` [${difference.at}]` : ""}: `, make("b", {}, difference.path), " ", make("code", { class: "dim" }, difference.loc)),
    difference.prerequisite ? make("p", { class: "dim" }, "a step that only prepares what the case is about") : null,
    make("dl", {}, make("dt", {}, "expected"), make("dd", { class: "expected" }, make("code", {}, marked(expected, "ins"))), make("dt", {}, "actual"), make("dd", { class: "actual" }, make("code", {}, marked(actual, "del")))),
  );
}

function call(step, differences) {
  const wrongHere = differences.some((d) => d.step === step.step && (d.at ?? "") === (step.at ?? ""));
  const answer = step.status === null ? "no answer" : [step.status, step.code].filter(Boolean).join(" ");
  const params = (step.params ?? []).map(([name, value]) => make("li", {}, make("span", { class: "dim" }, `${name} `), value));
  return make(
    "li",
    { class: wrongHere ? "wrong" : null },
    make("p", {}, make("span", { class: "number" }, String(step.step)), make("b", {}, step.call), step.at ? ` [${step.at}]` : "", step.principal ? ` as ${step.principal}` : "", ` → ${answer}`, wrongHere ? make("span", { class: "mark" }, " differs") : null),
    params.length ? make("ul", { class: "params" }, params) : null,
    step.message ? make("p", { class: "message" }, step.message) : null,
    step.more ? make("p", { class: "dim" }, `and ${step.more} more alike`) : null,
    step.exchange ? exchange(step) : null,
  );
}

/** The bytes of a call, secrets masked before they were stored. */
function exchange(step) {
  const bytes = step.exchange;
  const headers = (all) => all.map(([name, value]) => `${name}: ${value}`).join("\n");
  const request = [bytes.request, headers(bytes.request_headers), bytes.request_body ? `\n${bytes.request_body}` : ""].filter(Boolean).join("\n");
  const response = [`HTTP ${step.status ?? "–"}`, headers(bytes.response_headers), `\n${bytes.response_body}`].filter(Boolean).join("\n");
  return make("details", { open: true }, make("summary", {}, "Exchange"), make("pre", { "aria-label": "request", tabindex: "0" }, request), make("pre", { "aria-label": "response", tabindex: "0" }, response));
}

function repeat(told, entry) {
  const departed = wrong(entry);
  return section("Repeat", command(told.repeat), departed ? make("p", { class: "dim" }, "as a script of signed curl calls, without iamspec:") : null, departed ? command(`${told.repeat} --curl scripts`) : null);
}

function command(text) {
  const copy = async (event) => {
    try {
      await navigator.clipboard.writeText(text);
      event.target.textContent = "copied";
    } catch {
      // Not every browser lets a file from disk write there: the text can be marked.
      getSelection().selectAllChildren(event.target.previousSibling);
    }
  };
  return make("div", { class: "command" }, make("code", {}, text), make("button", { type: "button", onclick: copy }, "copy"));
}

function rules(leaf, dialect) {
  const all = leaf.requirements.map((id) => {
    const known = requirements[id];
    const level = known?.levels[dialect];
    const sources = (known?.sources ?? []).map(([system, provenance, reference]) => make("li", {}, make("span", { class: "provenance" }, `${system} ${provenance}`), ` ${reference}`));
    return make("div", { class: "rule" }, make("p", {}, make("code", {}, id), level ? make("span", { class: `level level-${level}` }, `${level} on ${dialect}`) : null), known ? make("p", {}, known.text) : null, make("ul", { class: "sources" }, sources));
  });
  return section(all.length === 1 ? "Requirement" : "Requirements", all);
}

/** The same row in the other columns. */
function elsewhere(leaf, column) {
  const others = shownColumns().filter((other) => other !== column);
  if (others.length === 0) return null;
  const items = others.map((other) => {
    const counts = countsOf([leaf], other);
    const words = counts.map((n, status) => (n ? badge(status) : null));
    return make("li", {}, make("button", { type: "button", class: "link", onclick: () => openCell(leaf, other) }, columnName(columns[other]), ` ${columns[other].dialect}`), " ", words.some(Boolean) ? words : make("span", { class: "dim" }, absent(leaf)));
  });
  return section("Elsewhere", make("ul", { class: "ways" }, items));
}

