// Tables that can be sorted by any column and, where they are long, filtered by words.
const FILTERED_FROM = 9;

// The first number of a text such as "0.0281 ± 0.0022", "1,024", "−2.1" or "< 0.001"; NaN where there is none.
function firstNumber(text) {
  const found = text.replace(/[−–](?=\d)/g, "-").replace(/(\d),(?=\d{3}\b)/g, "$1").match(/-?\d+(\.\d+)?(e[-+]?\d+)?/i);
  return found ? Number(found[0]) : NaN;
}

function cellText(row, column) {
  return row.cells[column]?.textContent.trim() ?? "";
}

// Where the values of a column should go, as the arrow in its head says it.
function columnGoal(head, rows, column) {
  if (head.endsWith("↓")) return { kind: "ascending", words: "lowest" };
  if (head.endsWith("↑")) return { kind: "descending", words: "highest" };
  const target = head.match(/→\s(\S+)$/)?.[1];
  if (target === undefined) return { kind: "ascending", words: "first" };
  const truth = rows.find((row) => cellText(row, 0) === "truth");
  const value = firstNumber(target === "truth" && truth ? cellText(truth, column) : target);
  if (Number.isNaN(value)) return { kind: "ascending", words: "lowest" };
  return { kind: "other", words: `nearest to ${target}`, value };
}

// What rows are compared by, smaller first; null for a cell without a value.
function sortKeys(rows, column, goal) {
  const texts = rows.map((row) => cellText(row, column));
  const isNumeric = texts.every((text) => text === "–" || text === "" || /^[^\p{L}\d]*\d[\d,.]*(?![\p{L}\d,.])/u.test(text));
  return texts.map((text) => {
    if (!isNumeric) return text === "–" ? null : text.toLowerCase();
    const number = firstNumber(text);
    if (Number.isNaN(number)) return null;
    if (goal.kind === "other") return Math.abs(number - goal.value);
    return goal.kind === "descending" ? -number : number;
  });
}

function compareKeys(one, other) {
  if (typeof one === "string") return one.localeCompare(other, undefined, { numeric: true });
  return one - other;
}

function sortTable(table, rows, column, reverse, goal) {
  const keys = new Map(sortKeys(rows, column, goal).map((key, place) => [rows[place], key]));
  const having = rows.filter((row) => keys.get(row) !== null);
  having.sort((one, other) => compareKeys(keys.get(one), keys.get(other)) * (reverse ? -1 : 1));
  // Rows without a value come last in either direction.
  table.tBodies[0].append(...having, ...rows.filter((row) => keys.get(row) === null));
}

const OPPOSITE = { ascending: "descending", descending: "ascending", other: "other" };

function makeSortable(table) {
  const rows = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const goals = heads.map((head, column) => columnGoal(head.textContent.trim(), rows, column));
  heads.forEach((head, column) => {
    const goal = goals[column];
    const button = document.createElement("button");
    button.type = "button";
    button.title = `Sort: ${goal.words} first; again: the other way round; a third time: as in the report`;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const next = { none: "first", first: "reverse", reverse: "none" }[head.dataset.order ?? "none"];
      for (const one of heads) {
        one.removeAttribute("aria-sort");
        delete one.dataset.order;
      }
      if (next === "none") {
        table.tBodies[0].append(...rows);
        return;
      }
      head.dataset.order = next;
      head.setAttribute("aria-sort", next === "reverse" ? OPPOSITE[goal.kind] : goal.kind);
      sortTable(table, rows, column, next === "reverse", goal);
    });
  });
}

function wordsOf(text) {
  return text.toLowerCase().split(/\s+/).filter(Boolean);
}

function makeFilterable(table, box) {
  const rows = [...table.tBodies[0].rows];
  const line = document.createElement("div");
  const label = document.createElement("label");
  const field = document.createElement("input");
  const count = document.createElement("span");
  line.className = "filter";
  label.textContent = "Filter rows ";
  Object.assign(field, { type: "search", placeholder: "words, all of which a row has", autocomplete: "off" });
  field.spellcheck = false;
  count.setAttribute("role", "status");
  count.className = "count";
  label.append(field);
  line.append(label, count);
  box.before(line);
  field.addEventListener("input", () => {
    const words = wordsOf(field.value);
    for (const row of rows) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
    const shown = rows.filter((row) => !row.hidden).length;
    count.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
  });
}

// A box that shows only a part of its table's columns fades out where they go on.
function markContinued(box) {
  box.classList.toggle("continued", box.scrollWidth - box.clientWidth - box.scrollLeft > 2);
}

const boxSizes = new ResizeObserver((entries) => entries.forEach(({ target }) => markContinued(target)));

for (const box of document.querySelectorAll("div.table")) {
  const table = box.querySelector("table");
  boxSizes.observe(box);
  box.addEventListener("scroll", () => markContinued(box), { passive: true });
  const count = table.tBodies[0]?.rows.length ?? 0;
  if (count > 1) makeSortable(table);
  if (count >= FILTERED_FROM) makeFilterable(table, box);
}
