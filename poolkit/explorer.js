// The page's side of explorer.py: draws pooling, and computes it on its own, so that it answers at
// once and also works without a kernel. No build step, nothing from elsewhere; whoever takes it in
// says what the module exports. Names
// are those of the Python: kernel_size, stride, padding, dilation, ceil_mode, count_include_pad.

const PIXELS = { kernel_size: 1, stride: 1, padding: 0, dilation: 1 }; // and their minimum
const SWITCHES = { ceil_mode: false, count_include_pad: true };
const SETTINGS = ["mode", ...Object.keys(PIXELS), ...Object.keys(SWITCHES)];
const DEFAULTS = { stride: null, padding: 0, dilation: 1, ...SWITCHES };
const ONLY_FOR = { dilation: "max", count_include_pad: "avg" };
const MODES = { max: "max", avg: "average" };
const VIEWS = { forward: "forward", gradient: "gradient" };
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
// Whatever can have the focus needs this, or JupyterLab takes arrows, Enter and letters as commands.
const SUPPRESS = { "data-lm-suppress-shortcuts": "true" };

// Why there is no picture; `setting` is the control at fault.
const impossible = (setting, message) => Object.assign(new Error(message), { setting });
function complaint(act) {
  try { act(); } catch (error) { if (error.setting) return error; else throw error; }
}

// Where the windows land along one axis. Only this function knows; poolkit/arithmetic.py explains.
function windowsOf(input_size, kernel_size, stride, padding, dilation, ceil_mode) {
  const span = dilation * (kernel_size - 1) + 1;
  const slack = input_size + 2 * padding - span;
  let steps = ceil_mode ? Math.ceil(slack / stride) : Math.floor(slack / stride);
  const dropped = ceil_mode && steps * stride >= input_size + padding;
  if (dropped) steps -= 1;
  if (steps < 0)
    throw impossible(kernel_size > input_size + 2 * padding ? "kernel_size" : "dilation",
      `kernel_size=${kernel_size} with dilation=${dilation} spans ${span} pixels and does not ` +
        `fit into input_size=${input_size} with padding=${padding} on each side`);
  const starts = Array.from({ length: steps + 1 }, (_, i) => i * stride - padding);
  const end = input_size + padding;
  return {
    size: starts.length,
    taps: starts.map((at) => Array.from({ length: kernel_size }, (_, tap) => at + tap * dilation)),
    first: -padding,
    last: Math.max(end, starts.at(-1) + span) - 1,
    kind: (at) => (at >= 0 && at < input_size ? "pixel" : at < end ? "padding" : "overhang"),
    formula: (dilation > 1 ? `span ${dilation} × (${kernel_size} − 1) + 1 = ${span}; ` : "") +
      `(${input_size} + 2 × ${padding} − ${span}) / ${stride} rounded ` +
      `${ceil_mode ? "up" : "down"} + 1` +
      `${dropped ? " − 1 (the last window would start in the padding)" : ""} = ${starts.length}`,
  };
}

// A pool's padding has a limit; that of a convolution may be as wide as you like.
function poolWindowsOf(input_size, kernel_size, stride, padding, dilation, ceil_mode) {
  const half = `padding=${padding} is more than half of kernel_size=${kernel_size}`;
  if (2 * padding > kernel_size) throw impossible("padding", half);
  return windowsOf(input_size, kernel_size, stride, padding, dilation, ceil_mode);
}

function axesOf(state) {
  const dilation = state.mode === "max" ? state.dilation : 1;
  const sizes = [state.kernel_size, state.stride ?? state.kernel_size, state.padding, dilation];
  return [state.x.length, state.x[0].length].map((input_size, axis) =>
    poolWindowsOf(input_size, ...sizes.map((size) => size[axis] ?? size), state.ceil_mode));
}
const kindAt = (height, width, r, c) => ["overhang", "padding"].find(
  (kind) => kind === height.kind(r) || kind === width.kind(c)) ?? "pixel";

// One output: its value, the taps that count, and for max the first that has the value.
function poolWindow(state, height, width, row, column) {
  const counted = [];
  for (const r of height.taps[row])
    for (const c of width.taps[column]) {
      const kind = kindAt(height, width, r, c);
      const outside = state.mode === "max" ? -Infinity : 0;
      if (kind === "pixel") counted.push({ r, c, pixel: true, value: state.x[r][c] });
      else if (kind === "padding" && (state.mode === "max" || state.count_include_pad))
        counted.push({ r, c, value: outside });
    }
  if (state.mode === "avg")
    return { counted, value: counted.reduce((sum, tap) => sum + tap.value, 0) / counted.length };
  const value = Math.max(...counted.map((tap) => tap.value));
  return { counted, value, winner: counted.find((tap) => tap.pixel && tap.value === value) };
}

function pool(state) {
  const [height, width] = axesOf(state);
  const outputs = height.taps.map((_, row) =>
    width.taps.map((_, column) => poolWindow(state, height, width, row, column)));
  const grad_output = outputs.map((line, row) =>
    line.map((_, column) => state.grad_output?.[row]?.[column] ?? 1));
  const grad_x = state.x.map((line) => line.map(() => 0));
  outputs.forEach((line, row) => line.forEach(({ counted, winner }, column) => {
    const grad = grad_output[row][column];
    if (winner) grad_x[winner.r][winner.c] += grad;
    if (state.mode === "avg")
      for (const { r, c, pixel } of counted) if (pixel) grad_x[r][c] += grad / counted.length;
  }));
  return { height, width, outputs, grad_output, grad_x };
}

const place = (row, column) => `row ${row}, column ${column}`;
const number = (value, digits = 6) =>
  String(Number(value.toPrecision(digits))).replace(/-/g, "−").replace("Infinity", "∞");
const list = (words, separator) =>
  (words.length > 25 ? [...words.slice(0, 8), "…", ...words.slice(-2)] : words).join(separator);
function arithmeticOf(state, { counted, value }) {
  const terms = counted.map((tap) => number(tap.value));
  if (state.mode === "max") return `max(${list(terms, ", ")}) = ${number(value)}`;
  return `(${list(terms, " + ")}) / ${terms.length} = ${number(value)}`;
}
function routeOf(state, { counted, winner, value }, grad) {
  if (state.mode === "avg") {
    const lost = counted.every((tap) => tap.pixel) ? "" : "; what goes to the padding is lost";
    const share = `${number(grad)} / ${counted.length} = ${number(grad / counted.length)}`;
    return `Each cell of the window gets ${share}${lost}.`;
  }
  if (!winner) return "This window reads only padding: its gradient has nowhere to go.";
  const ties = counted.filter((tap) => tap.value === value).length - 1;
  const why = ties ? "the first of its equal maxima" : "its maximum";
  return `All of its gradient, ${number(grad)}, goes to ${place(winner.r, winner.c)}, ${why}.`;
}
function torchLine(state) {
  const decimal = (value) => (Number.isInteger(value) ? value.toFixed(1) : String(value));
  const python = (value) => Array.isArray(value) ? `(${value.join(", ")})`
    : String(value).replace(/^[tf]/, (letter) => letter.toUpperCase());
  const given = SETTINGS.slice(1)
    .filter((name) => (ONLY_FOR[name] ?? state.mode) === state.mode)
    .filter((name) => state[name] !== DEFAULTS[name])
    .map((name) => `${name}=${python(state[name])}`);
  const x = state.x.map((line) => `[${line.map(decimal).join(", ")}]`).join(", ");
  return `torch.nn.functional.${state.mode}_pool2d(torch.tensor([[${x}]]), ${given.join(", ")})`;
}
// What was typed into a setting, as the value of its trait.
function parseSetting(name, text, minimum = PIXELS[name]) {
  if (name === "stride" && text.trim() === "") return null;
  const fail = (value, rule) => { throw impossible(name, `${name}=${value} must be ${rule}`); };
  const parts = text.replace(/[()]/g, "").split(",");
  if (parts.length > 2) fail(text, "one number, or a pair height, width");
  const values = parts.map((part) => {
    const value = Number(part);
    const whole = /^\s*[+-]?\d+\s*$/.test(part) && Number.isSafeInteger(value);
    if (!whole) fail(`'${text}'`, "a whole number");
    if (value < minimum) fail(value, `at least ${minimum}`);
    if (name === "kernel_size" && value > 12) fail(value, "at most 12 to be shown");
    return value;
  });
  return values.length === 1 ? values[0] : values;
}
function parseNumber(text) {
  const plain = text.trim().replace("−", "-");
  if (plain === "") throw new Error("is empty: type a number");
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain))
    throw new Error(`holds '${text}': type a number, such as 3 or -0.5`);
  if (!Number.isFinite(Number(plain)))
    throw new Error(`holds ${text}: only finite numbers can be shown`);
  return Number(plain);
}
// Whether a text means this value already: then it stays as it was typed, 1.50 and not 1.5.
function means(parse, text, value) {
  try { return String(parse(text)) === String(value); } catch { return false; }
}

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node.append(...children), node;
}

// A table of numbers that one Tab reaches and the arrow keys walk through. `on.point` hears of the
// cell under the pointer, `on.focus` of the one with the focus (null: it left), and `on.edit`,
// where the numbers can be typed, of the new numbers.
class Grid {
  constructor(name, on) {
    Object.assign(this, { name, on, errors: new Map(), cells: new Map() });
    this.title = make("span", { class: "title" });
    this.table = make("table", { role: "grid" });
    this.message = make("p", { class: "message", role: "alert" });
    this.node = make("div", { class: "grid" }, this.title, this.table, this.message);
    const cellOf = (event) => this.cells.get(event.target.closest("td")?.dataset.at) ?? null;
    const listen = (type, act) => this.table.addEventListener(type, act);
    listen("pointermove", (event) => on.point(cellOf(event)));
    listen("pointerleave", () => on.point(null));
    listen("click", (event) => cellOf(event)?.target.focus()); // JupyterLab took the focus away
    listen("focusin", (event) => this.enter(cellOf(event)));
    listen("focusout", () => on.focus(null));
    listen("keydown", (event) => this.walk(event, cellOf(event)));
    listen("input", (event) => this.type(cellOf(event)));
  }
  // Shows the values; makes the cells anew only where the shape is another than before.
  show(title, values, height, width, outside = "") {
    this.values = values;
    const shape = String([title, height.first, height.last, width.first, width.last]);
    if (shape !== this.shape) this.build(title, height, width);
    this.shape = shape;
    for (const [at, { r, c, kind, td, target }] of this.cells) {
      if (kind !== "pixel") td.textContent = kind === "padding" ? outside : "×";
      if (kind !== "pixel") continue;
      const label = this.label(title, r, c);
      // What is written again is laid out again, which takes long where there are many cells.
      if (target.ariaLabel === label && !this.on.edit) continue;
      target.ariaLabel = label;
      if (!this.on.edit) target.textContent = number(values[r][c], 4);
      else if (!this.errors.has(at) && !means(parseNumber, target.value, values[r][c]))
        target.value = values[r][c];
      const { length } = target.value ?? target.textContent;
      target.style.fontSize = length > 4 ? `calc(${4.4 / length}rem * var(--scale, 1))` : "";
    }
  }
  label(title, r, c) {
    const exact = this.on.edit ? "" : `: ${number(this.values[r][c])}`;
    return `${place(r, c)} of ${title}${exact}`;
  }
  build(title, height, width) {
    this.title.textContent = this.table.ariaLabel = title;
    this.cells.clear();
    this.errors.clear();
    this.message.textContent = "";
    const body = make("tbody");
    for (let r = height.first; r <= height.last; r++) {
      const line = body.appendChild(make("tr", { role: "row" }));
      for (let c = width.first; c <= width.last; c++) {
        const kind = kindAt(height, width, r, c);
        const td = line.appendChild(make("td", { role: "gridcell", ...SUPPRESS }));
        td.dataset.at = `${r},${c}`;
        const typing = this.on.edit && kind === "pixel";
        const target = typing ? make("input", { autocomplete: "off", ...SUPPRESS }) : td;
        if (typing) td.append(target);
        if (kind === "pixel") target.tabIndex = r || c ? -1 : 0;
        this.cells.set(`${r},${c}`, { r, c, kind, td, target });
      }
    }
    this.table.replaceChildren(body);
  }
  // `marks` gives the classes of the cell at "row,column".
  mark(marks) {
    for (const [at, { kind, td }] of this.cells) {
      const names = [kind === "pixel" ? this.name : kind, ...marks(at)].filter(Boolean).join(" ");
      if (td.className !== names) td.className = names;
    }
  }
  enter(cell) {
    for (const { target } of this.cells.values()) if (target.tabIndex === 0) target.tabIndex = -1;
    cell.target.tabIndex = 0;
    if (this.on.edit) cell.target.select();
    this.on.focus(cell);
  }
  walk(event, { r, c, target }) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.on.edit) target.value = this.values[r][c];
    if (event.key === "Escape" && this.on.edit) this.type({ r, c, target });
    const [down, right] = { Enter: [1, 0], ...ARROWS }[event.key] ?? [0, 0];
    if (!down && !right) return;
    // Inside a number, the arrow keys first move the caret.
    const { value = "", selectionStart = 0, selectionEnd = 0 } = target;
    const all = selectionEnd - selectionStart === value.length;
    if (!all && (right < 0 ? selectionStart > 0 : right > 0 && selectionEnd < value.length)) return;
    event.preventDefault();
    const next = this.cells.get(`${r + down},${c + right}`);
    if (next?.kind === "pixel") next.target.focus();
  }
  type({ r, c, target }) {
    const at = `${r},${c}`;
    let value, wrong;
    try { value = parseNumber(target.value); } catch (error) { wrong = error; }
    if (wrong) this.errors.set(at, `${place(r, c)} ${wrong.message}.`);
    else this.errors.delete(at);
    const words = [...this.errors.values()].join(" ");
    this.message.textContent = words && `${words} The picture keeps the number it had.`;
    target.ariaInvalid = String(Boolean(wrong));
    if (!wrong) this.on.edit(this.values.with(r, this.values[r].with(c, value)));
  }
}

// The controls of an explorer as HTML; `id` keeps several explorers on a page apart.
const NATIVE = 'data-lm-suppress-shortcuts="true"';
function controlsOf(id) {
  const choice = (name, options) => Object.entries(options).map(([value, text]) =>
    `<label><input type="radio" name="${id}-${name}" data-name="${name}" value="${value}" ${NATIVE}>
      ${text}</label>`).join("");
  // The buttons are for the pointer; the keyboard has the arrow keys.
  const step = (name, sign, by, way) => `<button type="button" tabindex="-1" value="${by}" ${NATIVE}
    data-name="${name}" aria-label="${name} ${way}">${sign}</button>`;
  const setting = (name, note = "") => `<div class="setting">
    <label>${name}${note}<input type="text" data-name="${name}" autocomplete="off" ${NATIVE}
      aria-describedby="${id}-${name}"></label>
    ${step(name, "−", -1, "down")}${step(name, "+", 1, "up")}
    <span class="message" role="alert" id="${id}-${name}"></span></div>`;
  const toggle = (name, note = "") =>
    `<label><input type="checkbox" data-name="${name}" ${NATIVE}>${name}${note}</label>`;
  return { choice, setting, toggle };
}
// The old way, which also works on a page that is not served over https.
function copyCode(root) {
  const area = root.appendChild(make("textarea", {}, root.querySelector("code").textContent));
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  root.querySelector(".copy").focus();
  root.querySelector("[role=status]").textContent =
    done ? "Copied." : "Select the line to copy it.";
}

// The controls of pooling, and the places for the rest.
function frame(id) {
  const { choice, setting, toggle } = controlsOf(id);
  const only = (name) => (ONLY_FOR[name] ? `<small> (${MODES[ONLY_FOR[name]]} only)</small>` : "");
  const root = make("div", { class: "poolkit-explorer", role: "group" });
  root.ariaLabel = "Pooling explorer";
  root.innerHTML = `<div class="settings">
      <fieldset><legend>pool</legend>${choice("mode", MODES)}</fieldset>
      <fieldset><legend>show</legend>${choice("view", VIEWS)}</fieldset>
      ${SETTINGS.slice(1).map((name) =>
        (name in PIXELS ? setting : toggle)(name, only(name))).join("")}</div>
    <p class="arithmetic" aria-live="polite"></p>
    <div class="grids forward"></div> <div class="grids gradient"></div>
    <p class="legend"></p>
    <div class="steps"><button type="button" value="-1" ${NATIVE}>Step back</button>
      <button type="button" value="1" ${NATIVE}>Step</button>
      <button type="button" class="play" ${NATIVE}>Play</button></div>
    <p class="formula"></p>
    <div class="torch"><code></code><button type="button" class="copy" ${NATIVE}>Copy</button>
      <span role="status"></span></div>`;
  return root;
}

// Ties a page to its model: `send` puts changes into it, and through it into Python and other views,
// in one message; what changes there is followed, once for all that come together.
function tie(model, draw, follow) {
  let sending = false;
  const onChange = () => sending || queueMicrotask(follow);
  model.on("change", onChange);
  return {
    send(changes) {
      sending = true;
      for (const name in changes) model.set(name, changes[name]);
      sending = false;
      draw();
      model.save_changes();
    },
    untie: () => model.off("change", onChange),
  };
}

function renderPool({ model, el }) {
  const id = `poolkit-${Math.random().toString(36).slice(2)}`;
  const root = frame(id);
  const find = (selector) => root.querySelector(selector);
  const control = (name) => find(`[data-name="${name}"]`);
  let state, result, timer, here; // here: the cell under the pointer, or with the focus
  let drafts = {}; // what was typed or chosen in the controls, but makes no picture yet
  const { send, untie } = tie(model, draw, reset);
  // Drafts are tried together, so that a padding may come before the kernel that it needs.
  function edit(name, draft) {
    if (name === "view") return send({ view: draft });
    drafts[name] = draft;
    const changes = {};
    const wrong = complaint(() => {
      for (const key in drafts)
        changes[key] = key in PIXELS ? parseSetting(key, drafts[key]) : drafts[key];
      const sizes = axesOf({ ...state, ...changes }).map((axis) => axis.size);
      if (String(sizes) === String([result.height.size, result.width.size])) return;
      changes.grad_output = null;
      changes.cell = state.cell.map((i, axis) => Math.min(i, sizes[axis] - 1));
    });
    complain(wrong);
    if (wrong) return;
    drafts = {};
    send(changes);
  }
  function complain(wrong) {
    for (const name in PIXELS) {
      const text = wrong?.setting === name ? `${wrong.message}. The picture stays as it was.` : "";
      find(`#${id}-${name}`).textContent = text;
      control(name).ariaInvalid = String(text !== "");
    }
  }
  function change(name, by) {
    const up = (digits) => Math.max(PIXELS[name], Number(digits) + by);
    control(name).value = (control(name).value || control(name).placeholder).replace(/\d+/g, up);
    edit(name, control(name).value);
  }
  // Takes the settings of the model; what was half typed gives way to them.
  function reset() {
    drafts = {};
    complain();
    draw();
  }
  const showAt = (of) => (cell) => {
    here = cell?.kind === "pixel" && { of, r: cell.r, c: cell.c };
    highlight();
  };
  const choose = (cell) => {
    here = null; // the keyboard leads, wherever the pointer rests
    if (cell && String([cell.r, cell.c]) !== String(state.cell)) send({ cell: [cell.r, cell.c] });
  };
  const [input, output] = [showAt("input"), showAt("output")];
  const grids = {
    x: new Grid("input", { point: input, focus: input, edit: (x) => send({ x }) }),
    output: new Grid("output", { point: output, focus: choose }),
    grad_x: new Grid("input", { point: input, focus: input }),
    grad_output: new Grid("output",
      { point: output, focus: choose, edit: (grad_output) => send({ grad_output }) }),
  };
  find(".forward").append(grids.x.node, grids.output.node);
  find(".gradient").append(grids.grad_x.node, grids.grad_output.node);
  // Goes on by some windows, in reading order, and tells whether this one is the last.
  function step(by) {
    const { height, width } = result;
    const count = height.size * width.size;
    const next = (state.cell[0] * width.size + state.cell[1] + by + count) % count;
    here = null;
    send({ cell: [Math.floor(next / width.size), next % width.size] });
    return next === count - 1;
  }
  function play() {
    find(".play").textContent = "Pause";
    if (String(state.cell) === String([result.height.size - 1, result.width.size - 1])) step(1);
    timer = setInterval(() => step(1) && stop(), 1000);
  }
  function stop() {
    timer = clearInterval(timer);
    find(".play").textContent = "Play";
  }
  function draw() {
    const next = Object.fromEntries(
      ["x", ...SETTINGS, "view", "grad_output", "cell"].map((name) => [name, model.get(name)]));
    // Python sends its traits one by one: until the last has come they may not fit together.
    if (!complaint(() => (result = pool(next)))) state = next;
    else return;
    state.cell = state.cell.map((i, axis) => Math.min(i, axesOf(state)[axis].size - 1));
    showControls();
    const { height, width, outputs, grad_x, grad_output } = result;
    const plain = (size) => ({ first: 0, last: size - 1, kind: () => "pixel" });
    const by = (axes) => axes.map((axis) => axis.last + 1).join(" × ");
    const sizes = [state.x.length, state.x[0].length].map(plain);
    const outs = [height.size, width.size].map(plain);
    const outside = state.mode === "max" ? "−∞" : "0";
    const values = outputs.map((line) => line.map((one) => one.value));
    grids.x.show(`input x, ${by(sizes)}`, state.x, height, width, outside);
    grids.output.show(`output, ${by(outs)}`, values, ...outs);
    find(".gradient").hidden = state.view === "forward";
    if (state.view === "gradient") {
      grids.grad_x.show(`gradient of x, ${by(sizes)}`, grad_x, ...sizes);
      grids.grad_output.show(`gradient of the output, ${by(outs)}`, grad_output, ...outs);
    }
    const kinds = [...grids.x.cells.values()].map((cell) => cell.kind);
    const average = state.count_include_pad ? "counts" : "does not count";
    const counts = state.mode === "max" ? "never wins" : average;
    find(".legend").textContent =
      (kinds.includes("padding") ? `Hatched: padding, ${outside}, which ${counts}. ` : "") +
      (kinds.includes("overhang") ? "Dashed, ×: overhang of ceil_mode, which never counts." : "");
    find(".formula").textContent = height.formula === width.formula
      ? `Output height and width: ${height.formula}`
      : `Output height: ${height.formula}. Output width: ${width.formula}`;
    if (find("code").textContent !== torchLine(state)) find("[role=status]").textContent = "";
    find("code").textContent = torchLine(state);
    highlight();
  }
  function showControls() {
    for (const node of root.querySelectorAll("[data-name]")) {
      const { name } = node.dataset;
      const value = drafts[name] ?? state[name];
      node.disabled = (ONLY_FOR[name] ?? state.mode) !== state.mode;
      if (node.type === "radio") node.checked = node.value === value;
      if (node.type === "checkbox") node.checked = value;
      const kept = name in drafts || means((text) => parseSetting(name, text), node.value, value);
      if (node.type === "text" && !kept) node.value = [value ?? ""].flat().join(", ");
    }
    control("stride").placeholder = [state.kernel_size].flat().join(", ");
  }
  // Lights up one window and its output, or one input cell and every window that reads it.
  function highlight() {
    const { of, r, c } = here || {};
    const lines = of === "output" ? result.outputs : state.x;
    if (of === undefined || lines[r]?.[c] === undefined) return showWindow(...state.cell);
    return of === "output" ? showWindow(r, c) : showReaders(r, c);
  }
  function showWindow(row, column) {
    const one = result.outputs[row][column];
    const taps = positions(row, column);
    const winner = one.winner && `${one.winner.r},${one.winner.c}`;
    mark((at) => [taps.includes(at) && "window", at === winner && "winner"],
      (at) => [at === `${row},${column}` && "window"]);
    const words = `Output ${place(row, column)}: ${arithmeticOf(state, one)}`;
    find(".arithmetic").textContent = state.view === "forward" ? words
      : `${words}. ${routeOf(state, one, result.grad_output[row][column])}`;
  }
  function showReaders(r, c) {
    const readers = result.outputs
      .flatMap((line, row) => line.map((_, column) => [row, column]))
      .filter(([row, column]) => positions(row, column).includes(`${r},${c}`));
    const reading = readers.map(String);
    const read = new Set(readers.flatMap(([row, column]) => positions(row, column)));
    mark((at) => [read.has(at) && "read", at === `${r},${c}` && "window"],
      (at) => [reading.includes(at) && "window"]);
    const windows = list(readers.map((at) => `(${at.join(", ")})`), ", ");
    const count = `${readers.length} window${readers.length > 1 ? "s" : ""}: ${windows}`;
    const gradient = ` Its gradient is ${number(result.grad_x[r][c])}.`;
    find(".arithmetic").textContent =
      `Input ${place(r, c)}: ${number(state.x[r][c])} is read by ` +
      `${readers.length ? count : "no window"}.${state.view === "forward" ? "" : gradient}`;
  }
  const positions = (row, column) => result.height.taps[row].flatMap((r) =>
    result.width.taps[column].map((c) => `${r},${c}`));
  function mark(inputs, outputs) {
    for (const name of ["x", "grad_x"]) grids[name].mark(inputs);
    for (const name of ["output", "grad_output"]) grids[name].mark(outputs);
  }
  root.addEventListener("input", ({ target }) => {
    const { name } = target.dataset;
    if (name) edit(name, target.type === "checkbox" ? target.checked : target.value);
  });
  root.addEventListener("keydown", (event) => {
    const [by] = ARROWS[event.key] ?? [];
    if (event.target.dataset.name in PIXELS && event.key === "Escape") reset();
    if (!(event.target.dataset.name in PIXELS) || !by) return;
    event.preventDefault();
    change(event.target.dataset.name, -by);
  });
  root.addEventListener("click", ({ target }) => {
    if (target.type !== "button") return;
    if (target.dataset.name) return change(target.dataset.name, Number(target.value));
    if (target.className === "copy") return copyCode(root);
    if (target.className === "play" && !timer) return play();
    stop();
    if (target.value) step(Number(target.value));
  });
  draw();
  el.replaceChildren(root);
  return () => (stop(), untie());
}
