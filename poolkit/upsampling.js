// The page's side of upsampling_explorer.py: draws what ways_up.js computes. It stands behind
// explorer.js and ways_up.js in one module, and uses their grids, controls and words.

const WAYS = { nearest: "nearest", bilinear: "bilinear", unpool: "max unpooling",
  transposed: "transposed convolution" };
const UP_VIEWS = { forward: "forward", gradient: "gradient", matrix: "matrix" };
// The controls of each way, and the least whole number of those that take one.
const CONTROLS = {
  nearest: ["scale_factor", "size"],
  bilinear: ["scale_factor", "size", "align_corners"],
  unpool: ["kernel_size", "stride", "padding", "output_size", "typed"],
  transposed: ["kernel_size", "stride", "padding", "output_padding"],
};
const LEAST = { scale_factor: 1, size: 1, kernel_size: 1, stride: 1, padding: 0,
  output_padding: 0, output_size: 1 };
const INSTEAD = { size: "scale_factor", scale_factor: "size" };
const UP_STATE = ["x", "operation", "weight", "indices", ...Object.keys(LEAST), "align_corners",
  "view", "grad_output"];
const LARGEST_MATRIX = 16; // outputs, and inputs

// What was typed into a control, as the value of its trait.
function parseUp(name, text) {
  if (text.trim() === "" && !["kernel_size", "padding", "output_padding"].includes(name))
    return null;
  if (name !== "scale_factor") {
    const value = parseSetting(name, text, LEAST[name]);
    if (name === "output_size" && !Array.isArray(value))
      throw impossible(name, `output_size=${value} must be a pair (height, width)`);
    return value;
  }
  const factors = text.replace(/[()]/g, "").split(",").map((part) => {
    try { return parseNumber(part); } catch {
      throw impossible(name, `scale_factor='${text}' must be a number`);
    }
  });
  if (factors.length > 2)
    throw impossible(name, `scale_factor=${text} must be one number, or a pair height, width`);
  return factors.length === 1 ? factors[0] : factors;
}

// What was typed and chosen, as changes of the traits.
function changesOf(drafts, state) {
  const operation = drafts.operation ?? state.operation;
  const changes = {};
  for (const [name, draft] of Object.entries(drafts)) {
    const value = name in LEAST ? parseUp(name, draft) : draft;
    if (name in INSTEAD && value !== null) changes[INSTEAD[name]] = null;
    if (name === "kernel_size" && operation === "transposed")
      changes.weight = rowsOf([0, 1].map((axis) => onAxis(value, axis)), (r, c) =>
        (drafts.weight ?? state.weight)[r]?.[c] ?? 1); // ones show the counts
    else changes[name] ??= value;
  }
  return changes;
}


// Which positions "row,column" each link joins: in the input, in what is spread (the maxima, where
// there are any), in the kernel and in the output. For each grid, which of these it shows.
const ENDS = { x: "input", grad_x: "input", maxima: "source", indices: "source", typed: "source",
  weight: "weight", grad_weight: "weight", output: "output", grad_output: "output",
  counts: "output", stamp: "output" };
function joined({ links, indices }, { x, indices: typed }) {
  const width = x[0].length;
  const found = (r, c) => indices && !typed
    ? `${Math.floor(indices[r][c] / width)},${indices[r][c] % width}` : `${r},${c}`;
  return links.flatMap((line, row) => line.flatMap((reach, column) => reach.map((link) => ({
    link, row, column, input: found(link.r, link.c), source: `${link.r},${link.c}`,
    weight: String(link.tap), output: `${row},${column}` }))));
}

// What is said of the pixel pointed at.
const sayings = {
  output(state, { links, source, output, centres, maxima }, r, c) {
    const reach = links[r][c].filter(({ weight, tap }) => weight || tap);
    const value = number(output[r][c]);
    const width = output[0].length;
    const terms = reach.map(({ r: i, c: j, weight }) => `${signed(weight)} × ${signed(source[i][j])}`);
    const sum = `${list(terms, " + ")} = ${value}`;
    const one = maxima === state.x ? "value" : "maximum";
    return {
      nearest: () => `a copy of input ${place(reach[0].r, reach[0].c)}: ${value}`,
      bilinear: () => `its centre lies at row ${number(centres[0][r], 4)}, ` +
        `column ${number(centres[1][c], 4)} of the input: ${sum}`,
      unpool: () => `its index is ${r} × ${width} + ${c} = ${r * width + c}. ` + (reach.length === 0
        ? `No ${one} has it: 0` : links[r][c].length > 1
          ? `Of the ${links[r][c].length} values that have it the last stays: ${value}`
          : `The ${one} ${value} has it`),
      transposed: () => reach.length === 0 ? "no stamp reaches it: 0"
        : `${many(reach.length, "stamp")}: ${sum}`,
    }[state.operation]();
  },
  input(state, { indices, output }, r, c, lit) {
    const reached = lit.output.size;
    const value = number(state.x[r][c]);
    const width = state.x[0].length;
    return {
      nearest: () => `${value} is copied to ${many(reached, "output")}`,
      bilinear: () => `${value} has a share in ${many(reached, "output")}`,
      unpool: () => {
        if (state.indices) return route(value, indices[r][c], output);
        if (reached === 0) return `${value} is the maximum of no window, and lost`;
        const index = `its index is ${r} × ${width} + ${c} = ${r * width + c}`;
        return `${value} is a maximum; ${index}; ${route(value, r * width + c, output)}`;
      },
      transposed: () => `${value} stamps ${value} × the kernel onto ${many(reached, "output")}` +
        (reached < state.weight.flat().length ? "; the rest of its stamp is cut off" : ""),
    }[state.operation]();
  },
  source: (state, { maxima, indices, output }, r, c) =>
    route(number(maxima[r][c]), indices[r][c], output),
  weight: (state, _, r, c, lit) => `${number(state.weight[r][c])} is multiplied once with each ` +
    `input; ${many(lit.output.size, "product")} of ${state.x.flat().length} come into the output`,
};
const signed = (value) => (value < 0 ? `(${number(value)})` : number(value));
const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
function route(value, index, output) {
  const width = output[0].length;
  return `in rows of ${width}, index ${index} is ` +
    `${place(Math.floor(index / width), index % width)}: there goes ${value}`;
}

function renderUpsampling({ model, el }) {
  const id = `poolkit-${Math.random().toString(36).slice(2)}`;
  const { choice, setting, toggle } = controlsOf(id);
  const root = make("div", { class: "poolkit-explorer", role: "group" });
  root.ariaLabel = "Upsampling explorer";
  root.innerHTML = `<div class="settings">
      <fieldset><legend>way up</legend>${choice("operation", WAYS)}</fieldset>
      <fieldset><legend>show</legend>${choice("view", UP_VIEWS)}</fieldset>
      ${Object.keys(LEAST).map((name) => setting(name)).join("")}
      ${toggle("align_corners")}${toggle("typed").replace(">typed<", ">type the indices<")}</div>
    <p class="arithmetic" aria-live="polite"></p>
    <div class="grids forward"></div><div class="grids gradient"></div>
    <p class="legend"></p><p class="formula"></p>
    <div class="torch"><code></code><button type="button" class="copy" ${NATIVE}>Copy</button>
      <span role="status"></span></div>`;
  const find = (selector) => root.querySelector(selector);
  const control = (name) => find(`[data-name="${name}"]`);
  let state, result, joins;
  const { send, untie } = tie(model, draw, reset);
  let here = { of: "output", r: 0, c: 0 }; // the pixel pointed at, or with the focus
  let stamping = { r: 0, c: 0 }; // the input whose stamp is shown
  let drafts = {}; // what was typed or chosen, but makes no picture yet

  const pointing = (of) => (cell) => {
    if (cell) look(of === "matrix" ? { of: "output", ...divided(cell.r) } : { of, r: cell.r, c: cell.c });
  };
  const divided = (index) => {
    const width = result.output[0].length;
    return { r: Math.floor(index / width), c: index % width };
  };
  const gridOf = (of, edit) => [of, new Grid(ENDS[of] === "output" ? "output" : "input",
    { point: pointing(of), focus: pointing(of), edit: edit && ((value) => propose({ [edit]: value })) })];
  const grids = Object.fromEntries([gridOf("x", "x"), gridOf("maxima"), gridOf("indices"),
    gridOf("typed", "indices"), gridOf("weight", "weight"), gridOf("output"), gridOf("counts"),
    gridOf("stamp"), gridOf("grad_x"), gridOf("grad_weight"), gridOf("grad_output", "grad_output"),
    gridOf("matrix")]);
  for (const [name, grid] of Object.entries(grids))
    find(/grad|matrix/.test(name) ? ".gradient" : ".forward").append(grid.node);

  // Drafts are tried together, so that a size may come before the kernel that it needs.
  function propose(given) {
    for (const name in given) delete drafts[INSTEAD[name]];
    drafts = { ...drafts, ...given };
    let changes;
    const wrong = complaint(() => {
      changes = changesOf(drafts, state);
      const { output } = upsample({ ...state, ...changes });
      if (String(shapeOf(output)) !== String(shapeOf(result.output))) changes.grad_output = null;
    });
    complain(wrong);
    if (!wrong) {
      drafts = {};
      return send(changes);
    }
    for (const name in given) (grids[name] ?? {}).values = given[name]; // the next number joins it
    showControls();
  }
  function complain(wrong) {
    for (const name in LEAST) {
      const text = wrong?.setting === name ? `${wrong.message}. The picture stays as it was.` : "";
      find(`#${id}-${name}`).textContent = text;
      control(name).ariaInvalid = String(text !== "");
    }
  }
  // Takes the settings of the model; what was half typed gives way to them.
  function reset() {
    drafts = {};
    complain();
    draw();
  }
  function change(name, by) {
    const up = (digits) => Math.max(LEAST[name], Number(digits) + by);
    const { value, placeholder } = control(name);
    control(name).value = (value || placeholder).replace(/[\d.]+/g, up);
    propose({ [name]: control(name).value });
  }
  // Typed indices start as those of the pool, and the pool as what they put back.
  function typeIndices(typed) {
    if (!result.maxima) return showControls();
    propose(typed ? { x: result.maxima, indices: result.indices }
      : { x: result.output, indices: null });
    if (!("indices" in drafts)) return;
    for (const name of ["x", "indices"]) delete drafts[name]; // refused: too large to be typed
    draw();
  }

  function draw() {
    const next = Object.fromEntries(UP_STATE.map((name) => [name, model.get(name)]));
    // Python sends its traits one by one: until the last has come they may not fit together.
    if (complaint(() => (result = upsample(next)))) return;
    state = next;
    joins = joined(result, state);
    const { source, output, counts, cut = [[0, 0], [0, 0]] } = result;
    if (source[stamping.r]?.[stamping.c] === undefined) stamping = { r: 0, c: 0 };
    showControls();
    const unpooling = state.operation === "unpool";
    const pooled = unpooling && !state.indices;
    const stamps = state.operation === "transposed";
    const gradient = state.view === "gradient";
    const small = Math.max(output.flat().length, source.flat().length) <= LARGEST_MATRIX;
    const matrix = state.view === "matrix" && small;
    const shows = {
      x: [unpooling && !pooled ? "values" : "input x", state.x],
      maxima: pooled && ["maxima", result.maxima],
      indices: pooled && ["indices", result.indices],
      typed: unpooling && !pooled && ["typed indices", result.indices],
      weight: stamps && ["kernel", state.weight],
      output: ["output", output],
      counts: stamps && ["stamps per pixel", counts],
      grad_x: gradient && [`gradient of ${unpooling && !pooled ? "the values" : "x"}`, result.grad_x],
      grad_weight: gradient && stamps && ["gradient of the kernel", result.grad_weight],
      grad_output: gradient && ["gradient of the output", result.grad_output],
      matrix: matrix && ["matrix, a row for each output, a column for each input", matrixOf(result)],
      stamp: false,
    };
    for (const [name, shown] of Object.entries(shows)) {
      grids[name].node.hidden = !shown;
      if (shown) showGrid(name, ...shown, name === "output" ? cut : undefined);
    }
    if (stamps) shadeCounts();
    find(".gradient").hidden = !gradient && !matrix;
    const hatched = cut.flat().some(Boolean) ? "Hatched: what the padding cuts off. " : "";
    find(".legend").textContent = hatched + (state.view === "matrix" && !small
      ? `A matrix is shown up to ${LARGEST_MATRIX} outputs and ${LARGEST_MATRIX} inputs.` : "");
    const [height, width] = result.formulas;
    find(".formula").textContent = !height && !width ? "" : height === width
      ? `Output height and width: ${height}` : `Output height: ${height}. Output width: ${width}`;
    if (find("code").textContent !== torchLineUp(state)) find("[role=status]").textContent = "";
    find("code").textContent = torchLineUp(state);
    look(here);
  }
  function showGrid(name, title, values, cut = [[0, 0], [0, 0]]) {
    const sizes = shapeOf(values);
    const aside = /counts|stamp|matrix/.test(name);
    grids[name].node.classList.toggle("small", sizes[1] > 8 || aside);
    grids[name].node.classList.toggle("tiny", sizes[1] > 8 && aside);
    grids[name].show(`${title}, ${sizes.join(" × ")}`, values, ...sizes.map((size, axis) => ({
      first: -cut[axis][0], last: size - 1 + cut[axis][1],
      kind: (at) => (at >= 0 && at < size ? "pixel" : "padding") })));
  }
  function showControls() {
    const now = { ...state, ...drafts };
    const kernel = state.operation === "transposed" ? shapeOf(state.weight) : state.kernel_size;
    const values = { ...state, kernel_size: same(kernel) ? kernel[0] : kernel };
    for (const node of root.querySelectorAll("[data-name]")) {
      const { name } = node.dataset;
      if (node.type === "radio") node.checked = node.value === now[name];
      else (node.closest(".setting") ?? node.parentElement).hidden =
        !CONTROLS[now.operation].includes(name);
      if (node.type === "checkbox") node.checked = name === "typed" ? !!now.indices : now[name];
      const kept = name in drafts || means((text) => parseUp(name, text), node.value, values[name]);
      if (node.type === "text" && !kept) node.value = [values[name] ?? ""].flat().join(", ");
    }
    const outputs = shapeOf(result.output).join(", ");
    const stride = state.operation === "unpool" ? state.kernel_size : 1;
    Object.assign(control("stride"), { placeholder: [stride].flat().join(", ") });
    for (const name of ["size", "output_size"]) control(name).placeholder = outputs;
  }
  const same = (pair) => Array.isArray(pair) && pair[0] === pair[1];

  // Lights up what is linked with one pixel, and says how.
  function look(at) {
    if (grids[at.of].node.hidden || grids[at.of].values[at.r]?.[at.c] === undefined)
      at = { of: "output", r: 0, c: 0 };
    here = at;
    const end = ENDS[here.of] === "source" && state.indices ? "input" : ENDS[here.of];
    const key = `${here.r},${here.c}`;
    const links = joins.filter((join) => join[end] === key);
    const lit = Object.fromEntries(["input", "source", "weight", "output"].map((name) =>
      [name, new Set(links.map((join) => join[name]))]));
    if (end === "input" || (end === "source")) [stamping] = sourcesOf(lit) ?? [stamping];
    showStamp();
    for (const name in ENDS)
      grids[name].mark((cell) => [name === "counts" && "shaded", (lit[ENDS[name]].has(cell) ||
        (ENDS[name] === end && cell === key)) && "window", empty(name, cell) && "nothing"]);
    const [rows, columns] = [result.output[0].length, result.source[0].length];
    grids.matrix.mark((cell) => {
      const [row, column] = cell.split(",").map(Number);
      const strong = end === "output" ? key === `${Math.floor(row / rows)},${row % rows}`
        : lit.source.has(`${Math.floor(column / columns)},${column % columns}`) && end !== "weight";
      return [strong && "window", empty("matrix", cell) && "nothing"];
    });
    const name = { output: "Output", input: state.operation === "unpool" && state.indices
      ? "Value" : "Input", source: "Maximum", weight: "Weight" }[end];
    const said = sayings[end](state, result, here.r, here.c, lit);
    find(".arithmetic").textContent =
      `${name} ${place(here.r, here.c)}: ${said}.${gradientOf(end, links)}`;
  }
  function empty(name, cell) {
    const [r, c] = cell.split(",");
    return /stamp|matrix/.test(name) && grids[name].values?.[r]?.[c] === 0;
  }
  // The more stamps, the darker: so that a checkerboard can be seen.
  function shadeCounts() {
    const most = Math.max(...result.counts.flat());
    for (const { r, c, td } of grids.counts.cells.values())
      td.style.setProperty("--share", result.counts[r][c] / most);
  }
  const sourcesOf = ({ source }) => source.size === 0 ? null
    : [...source].map((cell) => cell.split(",").map(Number)).map(([r, c]) => ({ r, c }));
  function showStamp() {
    const shown = ["bilinear", "transposed"].includes(state.operation);
    grids.stamp.node.hidden = !shown;
    const { r, c } = stamping;
    if (shown) showGrid("stamp", `stamp of input (${r}, ${c})`, stampOf(result, r, c));
  }
  // An output hands its gradient to whatever made it, times what that was multiplied with.
  function gradientOf(end, links) {
    if (state.view !== "gradient") return "";
    const { grad_output, source } = result;
    if (end === "output") return ` Its gradient is ${number(grad_output[here.r][here.c])}.`;
    const terms = links.map(({ row, column, link: { r, c, weight, back = weight } }) =>
      [end === "weight" ? source[r][c] : back, grad_output[row][column]]);
    const sum = total(terms.map(([factor, grad]) => factor * grad));
    const words = terms.map(([factor, grad]) => `${signed(factor)} × ${signed(grad)}`);
    return ` Its gradient: ${words.length ? `${list(words, " + ")} = ` : ""}${number(sum)}.`;
  }

  root.addEventListener("input", ({ target }) => {
    const { name } = target.dataset;
    if (name === "view") send({ view: target.value });
    else if (name === "typed") typeIndices(target.checked);
    else if (name) propose({ [name]: target.type === "checkbox" ? target.checked : target.value });
  });
  root.addEventListener("keydown", (event) => {
    const { name } = event.target.dataset;
    const [by] = ARROWS[event.key] ?? [];
    if (!(name in LEAST)) return;
    if (event.key === "Escape") reset();
    if (!by) return;
    event.preventDefault();
    change(name, -by);
  });
  root.addEventListener("click", ({ target }) => {
    if (target.type !== "button") return;
    if (target.className === "copy") copyCode(root);
    else change(target.dataset.name, Number(target.value));
  });
  draw();
  el.replaceChildren(root);
  return untie;
}
