// The page's side of shift_explorer.py: a row of pixels that is moved, halved a few times and
// averaged. It stands behind explorer.js in one module, and uses its Grid and its words. The row and
// its maps are circles: before the first pixel stands the last.

const LONGEST_SHIFT = 8;
const MOST_HALVINGS = 3;
const BLUR = "torch.tensor([[[1.0, 2.0, 1.0]]]) / 4";
const blurred = (a, b, c) => (a + 2 * b + c) / 4;
const everySecond = { of: (a) => a, words: () => "kept as it is" };
// What output i reads, counted from pixel 2 i on; what it makes of that, in numbers, in words and
// in torch.
const HALVINGS = {
  max: { label: "max", reads: [0, 1], of: Math.max, words: (a, b) => `max(${a}, ${b})`,
    torch: "F.max_pool1d(x, 2)" },
  average: { label: "average", reads: [0, 1], of: (a, b) => (a + b) / 2,
    words: (a, b) => `(${a} + ${b}) / 2`, torch: "F.avg_pool1d(x, 2)" },
  strided: { label: "every second pixel", reads: [0], ...everySecond, torch: "x[:, ::2]" },
  blur: { label: "blur, then drop", reads: [-1, 0, 1], of: blurred,
    words: (a, b, c) => `(${a} + 2 × ${b} + ${c}) / 4`,
    torch: `F.conv1d(F.pad(x, (1, 1), "circular"), ${BLUR}, stride=2)` },
  max_blur: { label: "max, then blur", reads: [-1, 0, 1, 2],
    of: (a, b, c, d) => blurred(Math.max(a, b), Math.max(b, c), Math.max(c, d)),
    words: (a, b, c, d) => `(max(${a}, ${b}) + 2 × max(${b}, ${c}) + max(${c}, ${d})) / 4`,
    torch: 'F.max_pool1d(F.pad(x, (1, 2), "circular"), 2, stride=1)\n' +
      `x = F.conv1d(x, ${BLUR}, stride=2)` },
  strongest: { label: "strongest grid", ...everySecond,
    torch: "max(x[:, ::2], x[:, 1::2], key=lambda grid: grid.square().sum())" },
};

// Each pixel with the places that it comes from in the row before, and how.
function moved(row, shift) {
  return row.map((_, i) => {
    const from = (i - shift + row.length) % row.length;
    return { value: row[from], from: [from], words: "moved here" };
  });
}
function halved(row, name) {
  const { of, words } = HALVINGS[name];
  const { reads, note = "" } = name === "strongest" ? strongestGrid(row) : HALVINGS[name];
  return row.slice(row.length / 2).map((_, i) => {
    const from = reads.map((step) => (2 * i + step + row.length) % row.length);
    const values = from.map((at) => row[at]);
    return { value: of(...values), from,
      words: words(...values.map((v) => (v < 0 ? `(${number(v)})` : number(v)))) + note };
  });
}
function strongestGrid(row) {
  const [even, odd] = [0, 1].map((first) =>
    row.filter((_, i) => i % 2 === first).reduce((sum, value) => sum + value * value, 0));
  return { reads: [odd > even ? 1 : 0], note: ", as the sum of squares is " +
    `${number(even)} on the even pixels, ${number(odd)} on the odd ones` };
}
function averaged(row) {
  const value = row.reduce((sum, one) => sum + one, 0) / row.length;
  return [{ value, from: [...row.keys()], words: `the sum of ${row.length} pixels / ${row.length}` }];
}

// The rows from the typed one to the global average, each a list of pixels.
function shiftedStack({ x, halvings, shift }) {
  const values = (row) => row.map((pixel) => pixel.value);
  const rows = [x.map((value) => ({ value, from: [], words: "typed" })), moved(x, shift)];
  for (const name of halvings) rows.push(halved(values(rows.at(-1)), name));
  return [...rows, averaged(values(rows.at(-1)))];
}
// For each row, the sum of absolute differences from what it is without a shift.
function changesBy(state, shift) {
  const still = shiftedStack({ ...state, shift: 0 });
  // Another order of the same numbers rounds their sum in another way: that is no change.
  const least = 1e-12 * state.x.reduce((sum, value) => sum + Math.abs(value), 0);
  return shiftedStack({ ...state, shift }).map((row, level) => {
    const change = row.reduce((sum, { value }, i) =>
      sum + Math.abs(value - still[level][i].value), 0);
    return change > least ? change : 0;
  });
}
function torchLines({ x, halvings, shift }) {
  const decimal = (value) => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  const row = `x = torch.tensor([[${x.map(decimal).join(", ")}]])${shift ? `.roll(${shift})` : ""}`;
  return [row, ...halvings.map((name) => `x = ${HALVINGS[name].torch}`), "average = x.mean()"]
    .join("\n");
}
// The places in each row that one pixel comes from, and goes into.
function traced(rows, level, i) {
  const lit = rows.map(() => new Set());
  lit[level].add(i);
  for (let at = level; at > 0; at--)
    for (const j of lit[at]) for (const from of rows[at][j].from) lit[at - 1].add(from);
  for (let at = level + 1; at < rows.length; at++)
    rows[at].forEach(({ from }, j) => from.some((one) => lit[at - 1].has(one)) && lit[at].add(j));
  return lit;
}

function renderShift({ model, el }) {
  const id = `poolkit-${Math.random().toString(36).slice(2)}`;
  const root = make("div", { class: "poolkit-explorer shift", role: "group" });
  root.ariaLabel = "Shift explorer";
  const options = (first) => [...(first ? [] : [["", "none"]]),
    ...Object.entries(HALVINGS).map(([name, { label }]) => [name, label])]
    .map(([value, text]) => `<option value="${value}">${text}</option>`).join("");
  const chooser = (i) => `<label>halving ${i + 1}
    <select data-name="halvings" data-at="${i}" ${NATIVE}>${options(i === 0)}</select></label>`;
  root.innerHTML = `<div class="settings">
      <div><label>shift<input type="range" data-name="shift" min="0" max="${LONGEST_SHIFT}"
        ${NATIVE}></label><span class="amount"></span></div>
      ${[...Array(MOST_HALVINGS).keys()].map(chooser).join("")}</div>
    <div class="stack"></div><p class="arithmetic" aria-live="polite"></p>
    <div class="changes"><table><caption>change by a shift of</caption></table></div>
    <div class="torch"><code></code><button type="button" class="copy" ${NATIVE}>Copy</button>
      <span role="status"></span></div>`;
  const find = (selector) => root.querySelector(selector);
  let state, rows, titles;
  const { send, untie } = tie(model, draw, draw);
  let here = { grid: 1, i: 0 }; // the pixel pointed at, or with the focus

  // A grid for each row there can be: typed, moved, the maps, and always as the last the average.
  const AVERAGE = MOST_HALVINGS + 2;
  const levelOf = (grid) => (grid === AVERAGE ? rows.length - 1 : grid);
  const gridAt = (level) => grids[level === rows.length - 1 ? AVERAGE : level];
  const grids = [...Array(AVERAGE + 1).keys()].map((at) => {
    const point = (cell) => cell && look({ grid: at, i: cell.c });
    const edit = at === 0 ? ([x]) => send({ x }) : undefined;
    const grid = new Grid(at < 2 ? "input" : "output", { point, focus: point, edit });
    grid.change = make("span", { class: "change" });
    grid.title.after(grid.change);
    grid.node.classList.add("small");
    return grid;
  });
  find(".stack").append(...grids.map((grid) => grid.node));

  function draw() {
    state = Object.fromEntries(["x", "halvings", "shift"].map((name) => [name, model.get(name)]));
    rows = shiftedStack(state);
    titles = ["row", "moved row",
      ...state.halvings.map((name, i) => `map ${i + 1}, ${HALVINGS[name].label}`), "global average"];
    const changes = [...Array(LONGEST_SHIFT + 1).keys()].map((shift) => changesBy(state, shift));
    const now = changes[state.shift];
    grids.forEach((grid, at) => {
      grid.node.hidden = at !== AVERAGE && at > state.halvings.length + 1;
      if (grid.node.hidden) return;
      const level = levelOf(at);
      const { length } = rows[level];
      grid.node.style.setProperty("--span", rows[0].length / length);
      grid.show(`${titles[level]}, ${length} pixel${length > 1 ? "s" : ""}`,
        [rows[level].map(({ value }) => value)], ...[1, length].map((size) =>
          ({ first: 0, last: size - 1, kind: () => "pixel" })));
      grid.change.textContent = level ? `change: ${number(now[level])}` : "";
    });
    showControls(now);
    showChanges(changes);
    const lines = torchLines(state);
    if (find("code").textContent !== lines) find("[role=status]").textContent = "";
    find("code").textContent = lines;
    look(here);
  }
  function showControls(now) {
    const pixels = `${state.shift} pixel${state.shift === 1 ? "" : "s"}`;
    find("[data-name=shift]").value = state.shift;
    find("[data-name=shift]").ariaValueText = `${pixels}: the last map changes by ` +
      `${number(now.at(-2))}, the global average by ${number(now.at(-1))}`;
    find(".amount").textContent = pixels;
    root.querySelectorAll("select").forEach((node, i) => {
      node.value = state.halvings[i] ?? "";
      node.disabled = i > state.halvings.length; // first the one before it
    });
  }
  function showChanges(changes) {
    const line = (name, kind, values) => make("tr", {}, make("th", { scope: "row" }, name),
      ...values.map((value, shift) => make(kind, { ...(kind === "th" && { scope: "col" }),
        ...(shift === state.shift && { class: "now", "aria-current": "true" }) }, number(value))));
    find(".changes table").replaceChildren(find("caption"), make("tbody", {},
      line("pixels", "th", [...changes.keys()]),
      line("last map", "td", changes.map((change) => change.at(-2))),
      line("global average", "td", changes.map((change) => change.at(-1)))));
  }

  // Lights up where a pixel comes from and where it goes, and says the first in words.
  function look(at) {
    here = grids[at.grid].node.hidden ? { grid: 1, i: 0 } : at;
    const [level, i] = [levelOf(here.grid), here.i];
    const lit = traced(rows, level, i);
    rows.forEach((_, row) => gridAt(row).mark((cell) =>
      [lit[row].has(Number(cell.split(",")[1])) && (row <= level ? "window" : "read")]));
    const { value, words } = rows[level][i];
    const name = (row) => (row < 2 ? ["the row", "the moved row"][row] : `map ${row - 1}`);
    const places = (row) => {
      const found = [...lit[row]].sort((a, b) => a - b);
      return `pixel${found.length > 1 ? "s" : ""} ${list(found, ", ")} of ${name(row)}`;
    };
    const last = level === rows.length - 1;
    const source = level < 2 ? (level ? `, from ${places(0)}` : "") : `, from ${places(level - 1)}` +
      (level > 2 ? `; so from ${places(1)}` : "");
    const title = last ? "Global average" : `${titles[level]}, pixel ${i}`;
    find(".arithmetic").textContent =
      `${title[0].toUpperCase()}${title.slice(1)}: ${number(value)}, ${words}${source}.`;
  }

  root.addEventListener("input", ({ target }) => {
    if (target.dataset.name === "shift") send({ shift: Number(target.value) });
    if (target.dataset.name !== "halvings") return;
    const at = Number(target.dataset.at);
    const halvings = state.halvings.slice(0, target.value ? undefined : at);
    if (target.value) halvings[at] = target.value;
    send({ halvings });
  });
  root.addEventListener("click", ({ target }) => target.className === "copy" && copyCode(root));
  draw();
  el.replaceChildren(root);
  return untie;
}
