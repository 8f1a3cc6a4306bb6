// Four ways to make a map larger, each as links: the inputs that reach an output pixel, and the
// weight each of them has there. Output, gradients, stamps, counts and matrix follow from the links.
// The page's side of upsampling_explorer.py; upsampling.js draws it. It stands behind explorer.js in
// one module. The rules, and the words for what breaks them, are those of poolkit.functional.

const MOST_INPUTS = 8; // rows and columns that still can be typed
const MOST_OUTPUTS = 20; // and that still can be read

const counting = (n) => Array.from({ length: n }, (_, i) => i);
const rowsOf = ([rows, columns], value) =>
  counting(rows).map((r) => counting(columns).map((c) => value(r, c)));
const shapeOf = (values) => [values.length, values[0].length];
const total = (numbers) => numbers.reduce((sum, value) => sum + value, 0);
const onAxis = (setting, axis) => (Array.isArray(setting) ? setting[axis] : setting);
const decimal = (value) => (Number.isInteger(value) ? value.toFixed(1) : String(value));
const python = (value) => Array.isArray(value) ? `(${value.map(python).join(", ")})`
  : { null: "None", true: "True", false: "False" }[value] ?? String(value);

// Copying and blending: along one axis, each output reads one pixel or two, with a share of each.

function resizedAxis(inputs, axis, { size, scale_factor }) {
  if (size !== null) {
    const outputs = onAxis(size, axis);
    return { inputs, outputs, ratio: inputs / outputs, formula: "" };
  }
  const factor = onAxis(scale_factor, axis);
  if (!(factor > 0)) throw impossible("scale_factor",
    `scale_factor=${decimal(factor)} must be above 0 and finite`);
  const outputs = Math.floor(inputs * factor);
  if (outputs === 0) throw impossible("scale_factor",
    `scale_factor=${factor} leaves no pixel of ${inputs}`);
  const down = outputs === inputs * factor ? "" : " rounded down";
  return { inputs, outputs, ratio: 1 / factor,
    formula: `${inputs} × ${number(factor)}${down} = ${outputs}` };
}

// torch answers the first two cases without the ratio, and computes the others in float32.
function nearestShares({ inputs, outputs, ratio }) {
  const pixel = (i) => {
    if (outputs === inputs) return i;
    if (outputs === 2 * inputs) return Math.floor(i / 2);
    return Math.min(Math.floor(Math.fround(i * Math.fround(ratio))), inputs - 1);
  };
  return counting(outputs).map((i) => ({ shares: [[pixel(i), 1]] }));
}

// Where an output's centre lies among those of the inputs says how much it takes of each.
function bilinearShares({ inputs, outputs, ratio }, align_corners) {
  return counting(outputs).map((i) => {
    let centre = (i + 0.5) * ratio - 0.5;
    if (align_corners) centre = (i * (inputs - 1)) / Math.max(outputs - 1, 1);
    if (outputs === inputs) centre = i;
    const before = Math.min(Math.floor(Math.max(centre, 0)), inputs - 1);
    const share = before === inputs - 1 ? 0 : Math.max(centre, 0) - before;
    // What rounding left over is no share.
    const shares = [[before, 1 - share], [before + 1, share]].filter(([, part]) => part > 1e-9);
    return { centre, shares };
  });
}

function resize(state) {
  const { x, operation, size, scale_factor, align_corners } = state;
  if ((size === null) === (scale_factor === null))
    throw impossible("size", `size=${python(size)} and scale_factor=${python(scale_factor)}: ` +
      `give one of them, not ${size === null ? "none" : "both"}`);
  const axes = shapeOf(x).map((inputs, axis) => resizedAxis(inputs, axis, state));
  const shape = shown(size === null ? "scale_factor" : "size", axes.map((axis) => axis.outputs));
  const [down, across] = axes.map((axis) =>
    operation === "nearest" ? nearestShares(axis) : bilinearShares(axis, align_corners));
  return {
    formulas: axes.map((axis) => axis.formula),
    centres: [down, across].map((lines) => lines.map((line) => line.centre)),
    links: rowsOf(shape, (row, column) => down[row].shares.flatMap(([r, a]) =>
      across[column].shares.map(([c, b]) => ({ r, c, weight: a * b })))),
  };
}

// Putting maxima back: each goes to its index, and of several with one index the last stays.

function unpooledAxis(inputs, axis, { kernel_size, stride, padding, output_size }) {
  const [k, p] = [onAxis(kernel_size, axis), onAxis(padding, axis)];
  const s = onAxis(stride, axis) ?? k;
  if (2 * p > k) throw impossible("padding", `padding=${p} is more than half of kernel_size=${k}`);
  const smallest = (inputs - 1) * s - 2 * p + k;
  const wanted = output_size?.[axis] ?? smallest;
  if (wanted < 1) throw impossible("output_size", `output_size=${wanted} must be at least 1`);
  if (Math.abs(wanted - smallest) >= s) throw impossible("output_size",
    `output_size=${wanted} must be less than stride=${s} away from ${smallest}: kernel_size=${k} ` +
      `and padding=${p} pool no other size to input_size=${inputs}`);
  const asked = wanted === smallest ? "" : `; output_size says ${wanted}`;
  return { outputs: wanted,
    formula: `(${inputs} − 1) × ${s} + ${k} − 2 × ${p} = ${smallest}${asked}` };
}

const pooling = (state, grad_output = null) =>
  pool({ ...state, mode: "max", dilation: 1, ceil_mode: false, grad_output });

// The maxima and their indices: typed, or of the input, pooled.
function maximaOf(state) {
  const { x, indices } = state;
  if (indices) return { maxima: x, indices };
  const { outputs } = pooling(state);
  return {
    maxima: outputs.map((line) => line.map(({ value }) => value)),
    indices: outputs.map((line) => line.map(({ winner: { r, c } }) => r * x[0].length + c)),
  };
}

function unpool(state) {
  const { maxima, indices } = maximaOf(state);
  const axes = shapeOf(maxima).map((inputs, axis) => unpooledAxis(inputs, axis, state));
  const [height, width] = shown("kernel_size", axes.map((axis) => axis.outputs));
  const broken = indices.flat().find((index) => !Number.isInteger(index));
  if (broken !== undefined) throw impossible("output_size",
    `indices holds ${broken}, which is no whole number`);
  const outside = indices.flat().find((index) => index < 0 || index >= height * width);
  if (outside !== undefined) throw impossible("output_size",
    `indices holds ${outside}, but the pixels of a map of size (${height}, ${width}) are ` +
      `numbered 0 to ${height * width - 1}: is that the size before pooling?`);
  const links = rowsOf([height, width], () => []);
  indices.forEach((line, r) => line.forEach((index, c) => {
    const here = links[Math.floor(index / width)][index % width];
    for (const earlier of here) earlier.weight = 0;
    here.push({ r, c, weight: 1, back: 1 }); // in torch, all of them get the gradient
  }));
  return { maxima, indices, links, formulas: axes.map((axis) => axis.formula) };
}

// Stamping: each input adds the kernel, times its value, to a window of the output.

function stampedAxis(inputs, k, axis, { stride, padding, output_padding }) {
  const [s, p, a] = [stride ?? 1, padding, output_padding].map((value) => onAxis(value, axis));
  if (a >= s && a >= 1) throw impossible("output_padding",
    `output_padding=${a} must be smaller than stride=${s} or than dilation=1`);
  const outputs = (inputs - 1) * s + k - 2 * p + a;
  if (outputs < 1) throw impossible("padding",
    `padding=${p} cuts everything away: input_size=${inputs} with kernel_size=${k}, stride=${s} ` +
      `and dilation=1 would leave ${outputs} pixels`);
  return {
    outputs,
    cut: [p, Math.max(0, p - a)], // before the output, and after it
    stamps: (u) => counting(inputs).map((i) => [i, u + p - s * i])
      .filter(([, tap]) => tap >= 0 && tap < k),
    formula: `(${inputs} − 1) × ${s} + ${k} − 2 × ${p} + ${a} = ${outputs}`,
  };
}

function stampAll(state) {
  const { x, weight } = state;
  const sizes = shapeOf(weight);
  const axes = shapeOf(x).map((inputs, axis) => stampedAxis(inputs, sizes[axis], axis, state));
  const [down, across] = axes;
  return {
    formulas: axes.map((axis) => axis.formula),
    cut: axes.map((axis) => axis.cut),
    links: rowsOf(shown("stride", axes.map((axis) => axis.outputs)), (row, column) =>
      down.stamps(row).flatMap(([r, i]) => across.stamps(column).map(([c, j]) =>
        ({ r, c, tap: [i, j], weight: weight[i][j] })))),
  };
}

function shown(setting, [height, width]) {
  if (Math.max(height, width) > MOST_OUTPUTS) throw impossible(setting,
    `the output has shape (${height}, ${width}): ` +
      `1 to ${MOST_OUTPUTS} rows and columns can be shown`);
  return [height, width];
}

// What all ways have in common.

function upsample(state) {
  const [height, width] = shapeOf(state.x);
  if (Math.max(height, width) > MOST_INPUTS) throw impossible("kernel_size",
    `x has shape (${height}, ${width}): 1 to ${MOST_INPUTS} rows and columns can be shown`);
  const way = { nearest: resize, bilinear: resize, unpool, transposed: stampAll }[state.operation];
  const found = way(state);
  const source = found.maxima ?? state.x;
  const each = (value) => found.links.map((line, row) => line.map((reach, column) =>
    value(reach, row, column)));
  const grad_output = each((_, row, column) => state.grad_output?.[row]?.[column] ?? 1);
  const grad_source = source.map((line) => line.map(() => 0));
  const grad_weight = state.weight.map((line) => line.map(() => 0));
  each((reach, row, column) => reach.forEach(({ r, c, tap, weight, back = weight }) => {
    grad_source[r][c] += back * grad_output[row][column];
    if (tap) grad_weight[tap[0]][tap[1]] += source[r][c] * grad_output[row][column];
  }));
  const pooled = found.maxima && !state.indices;
  return {
    ...found, source, grad_output, grad_weight,
    grad_x: pooled ? pooling(state, grad_source).grad_x : grad_source,
    output: each((reach) => total(reach.map(({ r, c, weight }) => weight * source[r][c]))),
    counts: each((reach) => reach.length),
  };
}
// What one input adds to each output.
const stampOf = ({ links, source }, row, column) => links.map((line) => line.map((reach) =>
  total(reach.filter(({ r, c }) => r === row && c === column)
    .map(({ weight }) => weight * source[row][column]))));
// A row for each output and a column for each input, both in reading order.
const matrixOf = ({ links, source }) => links.flat().map((reach) =>
  source.flatMap((line, row) => line.map((_, column) =>
    total(reach.filter(({ r, c }) => r === row && c === column).map(({ weight }) => weight)))));

// The same in torch, as a line of Python, without the arguments that have their default.
const UNSET = { stride: null, padding: 0, output_padding: 0, align_corners: false };
function torchLineUp(state) {
  const tensor = (values, write) => `torch.tensor([[[${
    values.map((line) => `[${line.map(write).join(", ")}]`).join(", ")}]]])`;
  const given = (...names) => names
    .filter((name) => state[name] !== null && String(state[name]) !== String(UNSET[name]))
    .map((name) => `${name}=${python(state[name])}`);
  const x = tensor(state.x, decimal);
  const call = (name, ...parts) => `F.${name}(${parts.join(", ")})`;
  if (state.operation === "transposed") return call("conv_transpose2d", x,
    tensor(state.weight, decimal), ...given("stride", "padding", "output_padding"));
  if (state.operation !== "unpool") return call("interpolate", x, ...given("size", "scale_factor"),
    `mode="${state.operation}"`,
    ...(state.operation === "bilinear" ? given("align_corners") : []));
  const pooling = given("kernel_size", "stride", "padding");
  const maxima = state.indices ? [x, tensor(state.indices, String)]
    : [`*${call("max_pool2d", x, ...pooling, "return_indices=True")}`];
  return call("max_unpool2d", ...maxima, ...pooling, ...given("output_size"));
}
