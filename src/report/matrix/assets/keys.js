// The keyboard: one cell of the table is in the tab order, and the arrows move from cell to cell.

let place = { key: null, column: 0 };

const rowsOfTable = () => [...table.rows];
const cellAt = (row, column) => row.cells[Math.min(column, row.cells.length - 1)];

function focusedPlace() {
  const cell = document.activeElement?.closest?.("#scroll td, #scroll th");
  return { ...place, focused: Boolean(cell) };
}

/** Makes one cell the one that Tab reaches. */
function rove(cell) {
  for (const old of table.querySelectorAll("[tabindex='0']")) old.tabIndex = -1;
  cell.tabIndex = 0;
  place = { key: cell.parentElement.node?.key ?? null, column: cell.cellIndex, row: cell.parentElement.rowIndex };
}

function focusCell(cell) {
  rove(cell);
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function restoreFocus(was) {
  const rows = rowsOfTable();
  const same = rows.find((row) => row.node?.key === was.key);
  const row = same ?? rows[Math.min(was.row ?? 2, rows.length - 1)] ?? rows[0];
  const cell = cellAt(row, was.column);
  rove(cell);
  if (was.focused) cell.focus({ preventScroll: true });
}

function onKey(event) {
  const cell = event.target.closest("td, th");
  if (!cell || event.ctrlKey && !["Home", "End"].includes(event.key) || event.altKey || event.metaKey) return;
  completeGrid();
  const row = cell.parentElement;
  const { node } = row;
  const rows = rowsOfTable();
  const at = row.rowIndex;
  const column = cell.cellIndex;
  const to = (rowIndex, columnIndex) => focusCell(cellAt(rows[Math.max(0, Math.min(rowIndex, rows.length - 1))], Math.max(0, columnIndex)));
  const foldable = node && !node.row && column === 0;
  const moves = {
    ArrowDown: () => to(at + 1, column),
    ArrowUp: () => to(at - 1, column),
    ArrowRight: () => (foldable && !isOpen(node) ? turn([node]) : to(at, column + 1)),
    ArrowLeft() {
      if (column > 0) to(at, column - 1);
      else if (foldable && isOpen(node)) turn([node]);
      else if (node?.parent.parent) focusCell(rows.find((other) => other.node === node.parent).cells[0]);
    },
    PageDown: () => to(at + 12, column),
    PageUp: () => to(at - 12, column),
    Home: () => to(event.ctrlKey ? 0 : at, 0),
    End: () => to(event.ctrlKey ? rows.length - 1 : at, row.cells.length - 1),
    Enter: () => act(cell),
    " ": () => act(cell),
  };
  if (!moves[event.key]) return;
  event.preventDefault();
  moves[event.key]();
}

/** What Enter and a click do: fold a group by its name, open the evidence of a cell. */
function act(cell) {
  const { node } = cell.parentElement;
  if (!node) return;
  rove(cell);
  if (cell.dataset.column === undefined && !node.row) turn([node]);
  else openCell(node, cell.dataset.column === undefined ? firstTold(node) : +cell.dataset.column);
}

/** For a row's own name: the first column that has something to say of it, the gravest first. */
function firstTold(node) {
  const shown = shownColumns();
  return shown.find((column) => node.cells[column].some(wrong)) ?? shown.find((column) => node.cells[column].length) ?? shown[0];
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    byId("q").focus();
    byId("q").select();
  } else if (event.key === "Escape") {
    const menu = document.querySelector("details.menu[open]");
    if (menu) {
      menu.open = false;
      menu.querySelector("summary").focus();
    } else if (event.target.id === "q" && state.q) {
      byId("q").value = "";
      choose({ q: "" });
    } else if (state.cell) closeEvidence();
    else if (typing && table) focusCell(table.querySelector("[tabindex='0']"));
  }
});

