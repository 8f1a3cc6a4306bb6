// The page's side of convolution_explorer.py: a convolution, a ReLU and a 2×2 pool behind it. It
// stands behind explorer.js in one module, and uses its Grid and its numbers.

// `x` and `weight` are rows of numbers; what comes out are the maps after each step.
function convolveAndPool({ x, weight, relu, mode }) {
  const k = weight.length;
  const size = [x.length - k + 1, x[0].length - k + 1];
  const grid = ([rows, columns], value) => Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) => value(r, c)));
  const sums = grid(size, (r, c) => weight.flat()
    .reduce((sum, w, i) => sum + w * x[r + Math.floor(i / k)][c + (i % k)], 0));
  const map = sums.map((line) => line.map((sum) => (relu ? Math.max(0, sum) : sum)));
  const pooled = grid(size.map((n) => Math.floor(n / 2)), (r, c) => {
    const values = poolTaps(r, c).map(([i, j]) => map[i][j]);
    if (mode === "max") return Math.max(...values);
    return values.reduce((sum, value) => sum + value, 0) / 4;
  });
  return { sums, map, pooled };
}
const square = (row, column, k) =>
  Array.from({ length: k * k }, (_, i) => [row + Math.floor(i / k), column + (i % k)]);
const poolTaps = (row, column) => square(2 * row, 2 * column, 2);

// A sum of products; those with a weight of 0 are left out.
function productsOf({ x, weight }, row, column, sum) {
  const signed = (value) => (value < 0 ? `(${number(value)})` : number(value));
  const terms = square(row, column, weight.length)
    .map(([r, c]) => [weight[r - row][c - column], x[r][c]])
    .filter(([w]) => w !== 0).map(([w, value]) => `${signed(w)} × ${signed(value)}`);
  return `${terms.length ? list(terms, " + ") : "no weight but 0"} = ${number(sum)}`;
}

function renderConvolution({ model, el }) {
  const id = `poolkit-${Math.random().toString(36).slice(2)}`;
  const native = 'data-lm-suppress-shortcuts="true"';
  const root = make("div", { class: "poolkit-explorer", role: "group" });
  root.ariaLabel = "Convolution explorer";
  const radio = (value, text) => `<label><input type="radio" name="${id}-mode" data-name="mode"
    value="${value}" ${native}> ${text}</label>`;
  root.innerHTML = `<div class="settings">
      <label><input type="checkbox" data-name="relu" ${native}>ReLU</label>
      <fieldset><legend>pool 2×2</legend>${radio("max", "max")}${radio("avg", "average")}</fieldset>
    </div><p class="arithmetic" aria-live="polite"></p><div class="grids"></div>
    <div class="torch"><code></code></div>`;
  const find = (selector) => root.querySelector(selector);
  let state, result;
  const { send, untie } = tie(model, draw, draw);
  let here = { of: "map", r: 0, c: 0 }; // the pixel that was pointed at, or has the focus
  const pointing = (of) => (cell) => {
    if (cell) here = { of, r: cell.r, c: cell.c };
    highlight();
  };
  const gridFor = (of, edit) => new Grid(of === "x" || of === "weight" ? "input" : "output",
    { point: pointing(of), focus: pointing(of), edit });
  const grids = {
    x: gridFor("x", (x) => send({ x })),
    weight: gridFor("weight", (weight) => send({ weight })),
    map: gridFor("map"),
    pooled: gridFor("pooled"),
  };
  find(".grids").append(...Object.values(grids).map((grid) => grid.node));
  root.addEventListener("input", ({ target }) => {
    if (target.dataset.name === "relu") send({ relu: target.checked });
    if (target.dataset.name === "mode") send({ mode: target.value });
  });
  function draw() {
    state = Object.fromEntries(["x", "weight", "relu", "mode"].map((n) => [n, model.get(n)]));
    result = convolveAndPool(state);
    if (({ ...state, ...result })[here.of][here.r]?.[here.c] === undefined)
      here = { of: "map", r: 0, c: 0 };
    find("[data-name=relu]").checked = state.relu;
    find(`[value=${state.mode}]`).checked = true;
    const pool = MODES[state.mode];
    const titles = { x: "input x", weight: "kernel", pooled: `${pool} 2×2`,
      map: state.relu ? "convolution and ReLU" : "convolution" };
    for (const [name, values] of Object.entries({ ...state, ...result })) {
      if (!grids[name]) continue;
      const sizes = [values.length, values[0].length];
      const axes = sizes.map((size) => ({ first: 0, last: size - 1, kind: () => "pixel" }));
      grids[name].show(`${titles[name]}, ${sizes.join(" × ")}`, values, ...axes);
    }
    const tensor = (rows) =>
      `torch.tensor([[[${rows.map((row) => `[${row.join(", ")}]`).join(", ")}]]]).float()`;
    const conv = `F.conv2d(${tensor(state.x)}, ${tensor(state.weight)})`;
    find("code").textContent =
      `F.${state.mode}_pool2d(${state.relu ? `F.relu(${conv})` : conv}, 2)`;
    highlight();
  }
  // The pixel pointed at, what it was computed from, and what is computed from it.
  function highlight() {
    const { of, r, c } = here;
    const k = state.weight.length;
    const lit = { x: [], weight: [], map: [], pooled: [] };
    const { map, pooled, sums } = result;
    const readers = { x: (at) => square(at[0] - k + 1, at[1] - k + 1, k), map: ([i, j]) =>
      [[Math.floor(i / 2), Math.floor(j / 2)]] };
    const inside = (grid) => ([i, j]) => grid[i]?.[j] !== undefined;
    lit[of] = [[r, c]];
    if (of === "x") lit.map = readers.x([r, c]).filter(inside(map));
    if (of === "pooled") lit.map = poolTaps(r, c);
    if (of === "pooled" || of === "map") lit.x = lit.map.flatMap(([i, j]) => square(i, j, k));
    if (of === "x" || of === "map") lit.pooled = lit.map.flatMap(readers.map).filter(inside(pooled));
    for (const name in grids) {
      const strong = new Set(name === of || of !== "x" ? lit[name].map(String) : []);
      const weak = new Set(lit[name].map(String));
      grids[name].mark((at) => [strong.has(at) ? "window" : weak.has(at) && "read"]);
    }
    const many = (places) => {
      const { size } = new Set(places.map(String));
      return `${size} window${size === 1 ? "" : "s"}`;
    };
    const name = (grid) => `${grid} ${place(r, c)}`;
    const relu = state.relu ? `; ReLU: max(0, ${number(sums[r]?.[c] ?? 0)}) = ` +
      number(map[r]?.[c] ?? 0) : "";
    const values = of === "pooled" ? poolTaps(r, c).map(([i, j]) => number(map[i][j])) : [];
    find(".arithmetic").textContent = {
      x: () => `${name("Input")}: ${number(state.x[r][c])} is read by ` +
        `${many(lit.map)} of the convolution, and through them by ${many(lit.pooled)} of the pool.`,
      weight: () => `${name("Weight")}: ${number(state.weight[r][c])} is multiplied once in each ` +
        `of the ${map.length * map[0].length} windows.`,
      map: () => `${name("Map")}: ${productsOf(state, r, c, sums[r][c])}${relu}`,
      pooled: () => state.mode === "max"
        ? `${name("Pool")}: max(${values.join(", ")}) = ${number(pooled[r][c])}`
        : `${name("Pool")}: (${values.join(" + ")}) / 4 = ${number(pooled[r][c])}`,
    }[of]();
  }
  draw();
  el.replaceChildren(root);
  return untie;
}
