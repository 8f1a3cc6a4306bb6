// The page's side of field_explorer.py: a stack of layers along one axis, and what one pixel of each
// map sees. It stands behind explorer.js in one module, and uses its windows, grids and controls.

const KINDS = { conv: "convolution", avg: "average pool", max: "max pool" };
const TORCH = { conv: "Conv1d", avg: "AvgPool1d", max: "MaxPool1d" };
const LAYER = ["kernel_size", "stride", "padding", "dilation"]; // as they follow a layer's kind
const MOST_LAYERS = 5;
const MOST_PIXELS = 32; // of the input
const WIDEST = 64; // pixels of the picture, with the padding

// The input and the map of each layer: how many pixels, what the first one sees, and for each pixel
// the `taps`, its positions in the map above, and whether it reads padding, there or further up.
function stackOf({ inputs, layers }) {
  const maps = [{ size: inputs, field: 1, jump: 1, start: 0, padding: 0,
    taps: [], padded: Array(inputs).fill(false) }];
  layers.forEach(([kind, kernel_size, stride, padding, dilation], i) => within(i, () => {
    const above = maps[i];
    const windows = kind === "conv" ? windowsOf : poolWindowsOf;
    const { size, taps } = windows(above.size, kernel_size, stride, padding, dilation, false);
    above.padding = padding;
    const [left, right] = endsOf(maps);
    if (right - left + 1 > WIDEST) throw impossible("padding", `padding=${padding} makes the ` +
      `picture ${Math.ceil(right - left + 1)} pixels wide: at most ${WIDEST} can be shown`);
    maps.push({
      size, taps, padding: 0,
      field: above.field + (kernel_size - 1) * dilation * above.jump,
      jump: above.jump * stride,
      start: above.start - padding * above.jump,
      padded: taps.map((line) => line.some((at) => above.padded[at] ?? true)),
    });
  }));
  return maps;
}
// Says which layer is at fault.
function within(i, act) {
  const wrong = complaint(act);
  if (wrong) throw Object.assign(wrong, { layer: i });
}
const centre = ({ start, field, jump }, pixel) => start + (field - 1) / 2 + pixel * jump;
// The first and the last position on the input at which something is drawn.
const endsOf = (maps) => [
  Math.min(...maps.map((map) => centre(map, -map.padding))),
  Math.max(...maps.map((map) => centre(map, map.size - 1 + map.padding)))];

// In how many ways each position of each map above reaches one pixel. What is in it, the pixel sees.
function waysTo(maps, level, pixel) {
  const ways = [];
  ways[level] = new Map([[pixel, 1]]);
  for (let i = level; i > 0; i--) {
    ways[i - 1] = new Map();
    for (const [place, count] of ways[i])
      for (const at of maps[i].taps[place] ?? []) // padding has no taps
        ways[i - 1].set(at, (ways[i - 1].get(at) ?? 0) + count);
  }
  return ways;
}
// Of the input and of each map below, the pixels that see one pixel of the input.
function seersOf(maps, pixel) {
  const seers = [new Set([pixel])];
  for (let i = 1; i < maps.length; i++)
    seers[i] = new Set([...maps[i].taps.keys()].filter((c) =>
      maps[i].taps[c].some((at) => seers[i - 1].has(at))));
  return seers;
}
// One over the weight of a way through these layers, if those of convolutions are 1.
const divisorOf = (layers) =>
  layers.reduce((product, [kind, size]) => (kind === "avg" ? product * size : product), 1);
const hasMax = ({ layers }) => layers.some(([kind]) => kind === "max");

const usualStride = (kind, kernel_size) => (kind === "conv" ? 1 : kernel_size);
function torchStack({ layers }) {
  const calls = layers.map(([kind, size, ...values]) => {
    const usual = [usualStride(kind, size), 0, 1];
    const given = LAYER.slice(1).map((name, i) => values[i] !== usual[i] && `${name}=${values[i]}`);
    return `nn.${TORCH[kind]}(${[kind === "conv" && "1, 1", size, ...given].filter(Boolean).join(", ")})`;
  });
  return `nn.Sequential(${calls.join(", ")})`;
}

// What is said of the pixel pointed at.
const times = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
function placesOf(places) {
  const sorted = [...places].sort((a, b) => a - b);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (sorted.length < 3 || last - first >= sorted.length) return list(sorted, ", ");
  return `${first} to ${last}`;
}
const nameOf = (level, c) => (level ? `Pixel ${c} of map ${level}` : `Input pixel ${c}`);
function fieldWords(maps, level, c) {
  const { field, jump, start, padded } = maps[level];
  if (level === 0) {
    const seers = seersOf(maps, c).slice(1);
    const counts = seers.map(({ size }, i) => `${times(size, "pixel")} of map ${i + 1}`);
    return `${nameOf(0, c)} is seen by ${counts.join(", ")}.`;
  }
  const read = [...waysTo(maps, level, c)[0].keys()].filter((at) => at in maps[0].padded);
  const from = start + c * jump;
  const pixels = read.length ? `${times(read.length, "input pixel")}: ${placesOf(read)}`
    : "no input pixel";
  return `${nameOf(level, c)}: its field of ${times(field, "pixel")} goes from ${number(from)} ` +
    `to ${number(from + field - 1)}. It reads ${pixels}${padded[c] ? "; and padding" : ""}.`;
}
function gradientWords(state, maps, level, c, output) {
  const last = maps.length - 1;
  const ways = waysTo(maps, last, output);
  const weight = 1 / divisorOf(state.layers.slice(level));
  const worth = (count) => (hasMax(state) ? "" : ` Its gradient is ${count} × ${
    number(weight)} = ${number(count * weight)}.`);
  if (level < last) {
    const count = ways[level].get(c) ?? 0;
    return `${nameOf(level, c)}: ${times(count, "way")} to output ${output}.${worth(count)}`;
  }
  const inside = [...ways[0]].filter(([at]) => at in maps[0].padded);
  if (!inside.length) return `Output ${c}: no way leads to the input.`;
  const counts = inside.map(([, count]) => count);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const middle = inside.filter(([, count]) => count === most).map(([at]) => at);
  const all = 1 / divisorOf(state.layers);
  return `Output ${c}: ways lead to ${times(inside.length, "input pixel")}: ` +
    `${placesOf(inside.map(([at]) => at))}. Most, ${most}, lead to ${placesOf(middle)}; ` +
    `fewest are ${least}.${hasMax(state) ? "" : ` Each way counts ${number(all)}.`}`;
}

// The pixels of one map, each as far to the right as the middle of what it sees.
class Row extends Grid {
  label(title, r, c) {
    return `pixel ${c} of ${title}${this.notes[c]}`;
  }
  walk(event, cell) {
    const [down] = ARROWS[event.key] ?? [0];
    if (!down || event.ctrlKey || event.metaKey || event.altKey) return super.walk(event, cell);
    event.preventDefault();
    this.on.leave(cell.c, down);
  }
}

function renderField({ model, el }) {
  const id = `poolkit-${Math.random().toString(36).slice(2)}`;
  const root = make("div", { class: "poolkit-explorer", role: "group" });
  root.ariaLabel = "Receptive field explorer";
  const { choice } = controlsOf(id);
  const whole = (name, least, note) => `<label>${name}<input type="number" min="${least}"
    data-name="${name}" aria-describedby="${note}" ${NATIVE}></label>`;
  root.innerHTML = `<div class="settings">
      <div class="setting">${whole("inputs", 1, `${id}-inputs`)}
        <span class="message" role="alert" id="${id}-inputs"></span></div>
      <fieldset><legend>show</legend>${choice("view", { field: "field", gradient: "gradient" })}
      </fieldset></div>
    <div class="layers"></div><button type="button" class="add" ${NATIVE}>Add a layer</button>
    <p class="arithmetic" aria-live="polite"></p><div class="rows"></div><p class="legend"></p>
    <div class="torch"><code></code><button type="button" class="copy" ${NATIVE}>Copy</button>
      <span role="status"></span></div>`;
  const find = (selector) => root.querySelector(selector);
  const forms = () => [...root.querySelectorAll(".layer")];
  let state, maps;
  const { send, untie } = tie(model, draw, reset);
  let shape; // the sizes of the maps
  let here; // the pixel pointed at, or with the focus
  let output; // the pixel of the last map whose gradient is shown

  // One line of controls for a layer; the values are shown as they are, also if they do not fit.
  function formOf([kind, ...values], i) {
    const form = make("fieldset", { class: "layer setting" });
    const note = `${id}-layer-${i}`;
    const kinds = Object.entries(KINDS).map(([value, text]) =>
      `<option value="${value}" ${value === kind ? "selected" : ""}>${text}</option>`);
    form.innerHTML = `<legend>layer ${i + 1}</legend>
      <label>kind<select data-name="kind" ${NATIVE}>${kinds.join("")}</select></label>
      ${LAYER.map((name) => whole(name, PIXELS[name], note)).join("")}
      <button type="button" class="remove" aria-label="Remove layer ${i + 1}" ${NATIVE}>×</button>
      <span class="message" role="alert" id="${note}"></span>`;
    LAYER.forEach((name, j) => { form.querySelector(`[data-name=${name}]`).value = values[j]; });
    return form;
  }
  function showForms(layers) {
    find(".layers").replaceChildren(...layers.map(formOf));
    if (find("[data-name=inputs]").value !== String(state.inputs))
      find("[data-name=inputs]").value = state.inputs;
    limit();
  }
  // What can't be set in the stack as it is typed.
  function limit() {
    find(".add").disabled = forms().length === MOST_LAYERS;
    for (const form of forms()) {
      form.querySelector(".remove").disabled = forms().length === 1;
      const dilation = form.querySelector("[data-name=dilation]");
      dilation.disabled = form.querySelector("select").value === "avg";
      if (dilation.disabled) dilation.value = 1;
      const stride = form.querySelector("[data-name=stride]");
      const size = form.querySelector("[data-name=kernel_size]").value;
      stride.placeholder = usualStride(form.querySelector("select").value, size);
    }
  }
  const typed = (form) => ["kind", ...LAYER].map((name) =>
    form.querySelector(`[data-name=${name}]`).value);
  function layerOf([kind, ...texts]) {
    const [size, stride, padding, dilation] = LAYER.map((name, i) => parseSetting(name, texts[i]));
    return [kind, size, stride ?? usualStride(kind, size), padding, dilation];
  }
  // The whole form is tried at once, so that a padding may come before the kernel that it needs.
  function propose() {
    const next = { layers: [] };
    const wrong = complaint(() => {
      next.inputs = parseSetting("inputs", find("[data-name=inputs]").value, 1);
      if (next.inputs > MOST_PIXELS) throw impossible("inputs",
        `inputs=${next.inputs} must be at most ${MOST_PIXELS} to be shown`);
      forms().forEach((form, i) => within(i, () => next.layers.push(layerOf(typed(form)))));
      stackOf(next);
    });
    complain(wrong);
    limit();
    if (!wrong) send(next);
  }
  function complain(wrong) {
    for (const node of root.querySelectorAll("input[type=number]")) {
      const layer = node.closest(".layer");
      const same = wrong?.layer === (layer ? forms().indexOf(layer) : undefined);
      node.ariaInvalid = String(Boolean(wrong) && same && wrong.setting === node.dataset.name);
    }
    const notes = [find(`#${id}-inputs`), ...forms().map((form) => form.querySelector(".message"))];
    notes.forEach((note, i) => {
      const at = wrong && (wrong.layer === undefined ? 0 : wrong.layer + 1);
      note.textContent = at === i ? `${wrong.message}. The picture stays as it was.` : "";
    });
  }
  // Takes the settings of the model; what was half typed gives way to them.
  function reset() {
    draw();
    showForms(state.layers);
    complain();
  }

  const rows = Array.from({ length: MOST_LAYERS + 1 }, (_, level) => {
    const point = (cell) => cell?.kind === "pixel" && look(level, cell.c);
    const row = new Row("input", { point, focus: point, leave: (c, down) => leave(level, c, down) });
    row.caption = row.title.parentNode.insertBefore(make("span", { class: "caption" }), row.table);
    return row;
  });
  find(".rows").append(...rows.map((row) => row.node));
  // Goes to the map above or below, to the pixel that is nearest there.
  function leave(level, c, down) {
    const map = maps[level + down];
    if (!map) return;
    const at = Math.round((centre(maps[level], c) - centre(map, 0)) / map.jump);
    const next = Math.min(Math.max(at, 0), map.size - 1);
    rows[level + down].cells.get(`0,${next}`).target.focus();
  }

  function draw() {
    const next = Object.fromEntries(["layers", "inputs", "view"].map((n) => [n, model.get(n)]));
    // Python sends its traits one by one: until the last has come they may not fit together.
    if (complaint(() => (maps = stackOf(next)))) return;
    state = next;
    const last = maps.length - 1;
    if (String(maps.map(({ size }) => size)) !== shape) {
      shape = String(maps.map(({ size }) => size));
      output = Math.floor(maps[last].size / 2);
      here = { level: last, c: output };
    }
    for (const node of root.querySelectorAll("[data-name=view]"))
      node.checked = node.value === state.view;
    const gradient = state.view === "gradient";
    const anyPadded = maps.some(({ padded }) => padded.includes(true));
    find(".legend").textContent =
      (anyPadded ? "Empty boxes: padding. Hatched numbers: pixels that read padding, or see some that do. " : "") +
      (gradient ? "The numbers are ways to the output; the darker, the more. All weights are 1, " +
        "and those of an average 1/kernel_size." : "") +
      (gradient && hasMax(state) ? " A max pool lets the gradient take one of its ways only: " +
        "which, the numbers in the picture decide." : "");
    if (find("code").textContent !== torchStack(state)) find("[role=status]").textContent = "";
    find("code").textContent = torchStack(state);
    rows.forEach((row, level) => (row.node.hidden = level > last));
    look(here.level, here.c);
  }
  function showRow(level, ways) {
    const { size, padding, padded, field, jump, start } = maps[level];
    const row = rows[level];
    const counts = maps[level].padded.map((_, c) => ways?.get(c) ?? 0);
    row.name = level === maps.length - 1 ? "output" : "input";
    row.notes = padded.map((reads, c) => (ways ? `: ${times(counts[c], "way")}` : "") +
      (reads ? ", reads padding" : ""));
    row.caption.textContent = (level ? ` ${KINDS[state.layers[level - 1][0]]}, ` : " ") +
      `${times(size, "pixel")}: field ${field}, jump ${jump}, start ${number(start)}`;
    row.table.style.setProperty("--left", centre(maps[level], -padding) - endsOf(maps)[0]);
    row.table.style.setProperty("--jump", jump);
    row.show(level ? `map ${level}` : "input", [ways ? counts : padded.map((_, c) => c)],
      { first: 0, last: 0, kind: () => "pixel" },
      { first: -padding, last: size - 1 + padding,
        kind: (at) => (at >= 0 && at < size ? "pixel" : "padding") });
    const most = Math.max(...counts, 1);
    for (const { c, td } of row.cells.values())
      td.style.setProperty("--share", (counts[c] ?? 0) / most);
  }
  // Lights up what one pixel sees, and of the input also who sees it, and says it.
  function look(level, c) {
    here = { level, c };
    const last = maps.length - 1;
    const gradient = state.view === "gradient";
    if (level === last) output = c;
    const ways = gradient ? waysTo(maps, last, output) : [];
    const seen = level === 0 && !gradient ? seersOf(maps, c) : waysTo(maps, level, c);
    maps.forEach((map, i) => {
      showRow(i, ways[i]);
      rows[i].mark((place) => {
        const at = Number(place.split(",")[1]);
        const count = at in map.padded && ways[i] && (ways[i].get(at) ?? 0);
        return [map.padded[at] && "padded", count > 0 && "shaded", count === 0 && "nothing",
          i === level && at === c ? "window" : seen[i]?.has(at) && "read"];
      });
    });
    find(".arithmetic").textContent = gradient
      ? gradientWords(state, maps, level, c, output) : fieldWords(maps, level, c);
  }

  root.addEventListener("input", ({ target }) => {
    if (target.dataset.name === "view") send({ view: target.value });
    else if (target.dataset.name) propose();
  });
  root.addEventListener("click", ({ target }) => {
    if (target.className === "copy") copyCode(root);
    if (target.className === "add") showForms([...forms().map(typed), ["conv", 3, 1, 0, 1]]);
    if (target.className === "remove")
      showForms(forms().filter((form) => !form.contains(target)).map(typed));
    if (!["add", "remove"].includes(target.className)) return;
    propose();
    forms().at(-1).querySelector("select").focus(); // what had the focus may be gone
  });
  reset();
  el.replaceChildren(root);
  return untie;
}
