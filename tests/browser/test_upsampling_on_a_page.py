"""What the upsampling explorer does on an exported page, without a kernel or a network."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from axe_core_python.sync_playwright import Axe

from browser.explorer_page import Explorer, page_source
from poolkit import gradients, ways_up
from poolkit.upsampling_explorer import UpsamplingExplorer

# Of so many states, more than 300 make a picture.
HOW_MANY = {"nearest": 500, "bilinear": 500, "unpool": 1000, "transposed": 800}
WAYS = ["nearest", "bilinear", "unpool", "transposed"]
SMALL = [[6.0, 4.0], [4.0, 5.0]]
ODD = [[1, 3, 2, 4, 0], [5, 6, 1, 2, 7], [0, 9, 3, 8, 2], [2, 4, 5, 2, 1], [3, 0, 1, 8, 2]]
STAMPS = {"weight": [[1, 2, 1], [2, 4, 2], [1, 2, 1]], "stride": 2}
# What the page computes for each of these states, or the words with which it refuses one.
COMPUTE = """states => JSON.stringify(JSON.parse(states).map(state => {
  const wrong = complaint(() => upsample(state));
  if (wrong) return { refused: wrong.message };
  const found = upsample(state);
  const { output, counts, grad_x, grad_weight } = found;
  return { output, counts, grad_x, grad_weight, matrix: matrixOf(found),
           stamp: stampOf(found, 0, 0), line: torchLineUp(state) };
}))"""


@pytest.fixture
def page_with(new_page, tmp_path):
    """Open a file with these explorers in a page of its own."""

    def open_page(*explorers, **options):
        file = tmp_path / "page.html"
        # As it is exported, but that the test can call the functions of its script.
        source = page_source(*explorers).replace('type="module"', "")
        file.write_text(source, encoding="utf-8")
        page = new_page(set(), **options)
        page.goto(file.as_uri())
        return page

    return open_page


def random_state(random, operation):
    """A state of small numbers, of which some do not fit together."""

    def size(low, high):
        pair = [int(n) for n in random.integers(low, high, 2)]
        return pair if random.random() < 0.4 else pair[0]

    def perhaps(value):
        return value if random.random() < 0.5 else None

    def rows(shape):  # halves, so that sums are exact, and few, so that there are ties
        return (random.integers(-6, 7, shape) / 2).tolist()

    shape = random.integers(1, 9, 2)
    state = {"x": rows(shape), **ways_up.DEFAULTS, "operation": operation}
    if operation in ("nearest", "bilinear"):
        factors = [0.3, 0.5, 1, 1.1, 1.5, 2, 2.5, 3, 1 / 3, 0, -1]
        choose = random.random()
        state |= {"scale_factor": None if choose < 0.5 else factors[random.integers(len(factors))]}
        state |= {"size": size(1, 19) if choose < 0.5 or choose > 0.97 else None}
        state["align_corners"] = bool(random.integers(2))
    elif operation == "unpool":
        state |= {"kernel_size": size(1, 5), "stride": perhaps(size(1, 4))}
        state |= {"padding": size(0, 2), "output_size": None}
        if random.random() < 0.6:
            nearby = [int(n + random.integers(-1, 2)) for n in shape]
            state["output_size"] = nearby if min(nearby) >= 1 else None
        if random.random() < 0.4:
            state["x"] = rows(random.integers(1, 4, 2))
            state["indices"] = random.integers(-1, 12, np.shape(state["x"])).tolist()
            state["output_size"] = None
    else:
        state |= {"weight": rows(random.integers(1, 5, 2)), "stride": perhaps(size(1, 4))}
        state |= {"padding": size(0, 3), "output_padding": size(0, 2)}
    return state


def known(state):
    """What poolkit computes for a state, or the words with which it refuses it."""
    state = {
        name: tuple(v) if name in SIZES and isinstance(v, list) else v for name, v in state.items()
    }
    try:
        ways_up.check(state)
    except ValueError as error:
        return {"refused": str(error)}
    return {"output": ways_up.output(state), "grad_x": ways_up.grad_x(state)}


SIZES = {"size", "scale_factor", "kernel_size", "stride", "padding", "output_size"}
SIZES |= {"output_padding"}


@pytest.mark.parametrize("operation", WAYS)
def test_the_page_computes_and_refuses_what_functional_does(page_with, operation):
    random = np.random.default_rng(WAYS.index(operation))
    page = page_with(UpsamplingExplorer(SMALL))
    states = [random_state(random, operation) for _ in range(HOW_MANY[operation])]
    for state in states[::2]:  # of every other, gradients that are not all ones
        wanted = known(state)
        if "output" in wanted:
            state["grad_output"] = random.integers(-4, 5, wanted["output"].shape).tolist()
    done, refusals = 0, set()
    answers = json.loads(page.evaluate(COMPUTE, json.dumps(states)))
    for state, found in zip(states, answers, strict=True):
        wanted = known(state)
        assert found.get("refused") == wanted.get("refused"), state
        if "refused" in wanted:
            refusals.add(wanted["refused"].split("=")[0])
            continue
        done += 1
        for name, value in wanted.items():
            np.testing.assert_allclose(found[name], value, 1e-9, 1e-9, err_msg=str(state))
        told = eval(found["line"], {"torch": torch, "F": F})
        np.testing.assert_allclose(told[0, 0], wanted["output"], 1e-4, 1e-4, err_msg=str(state))
        compare_matrix(state, found, wanted["output"].shape)
        if operation == "transposed":
            compare_kernel(state, found)
    assert done >= 300
    assert len(refusals) >= 2


def compare_matrix(state, found, shape):
    """Each column of the matrix is the output of a map with a single 1 (each index kept)."""
    arrays = ways_up.arrays(state)
    source = arrays[0][0, 0]
    ones = np.eye(source.size).reshape(-1, *source.shape)
    alone = state | {"grad_output": None}
    if state["operation"] == "unpool":
        alone["indices"] = arrays[1][0, 0].tolist()
    columns = []
    # One look at random columns is enough; all would take longer than the rest.
    for column in np.random.default_rng(0).integers(0, source.size, 2):
        columns.append(int(column))
        output = ways_up.output(alone | {"x": ones[column].tolist()})
        np.testing.assert_allclose(np.array(found["matrix"])[:, column], output.ravel(), atol=1e-9)
    first = ways_up.output(alone | {"x": (ones[0] * source).tolist()})
    np.testing.assert_allclose(found["stamp"], first, atol=1e-9)
    assert np.shape(found["matrix"]) == (shape[0] * shape[1], source.size)


def compare_kernel(state, found):
    """The counts are the output of ones stamped by ones."""
    ones = {"x": np.ones_like(state["x"]), "weight": np.ones_like(state["weight"])}
    np.testing.assert_array_equal(found["counts"], ways_up.output(state | ones))
    grad = state["grad_output"] or np.ones_like(found["output"])
    given = {"stride": state["stride"] or 1, "padding": state["padding"]}
    given["output_padding"] = state["output_padding"]
    arrays = [np.array(a, float)[None, None] for a in (grad, state["x"], state["weight"])]
    wanted = gradients.conv_transpose2d_backward(*arrays, **given)[1][0, 0]
    np.testing.assert_allclose(found["grad_weight"], wanted, 1e-9, 1e-9)
