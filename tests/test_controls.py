"""Pickers: what is chosen is what is drawn, and a notebook stores nothing of them."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from IPython.utils.capture import capture_output
from PIL import Image

from poolkit.controls import Picker


@pytest.fixture
def calls():
    return []


@pytest.fixture
def picker(calls):
    def draw(size, shade):
        calls.append((size, shade))
        figure, (left, right) = plt.subplots(ncols=2, figsize=(size, 1), dpi=50, facecolor=shade)
        left.set_title(f"size {size}")
        right.set_title(f'"{shade}" & <more>')
        for ax in (left, right):
            ax.axis("off")
        return figure

    return Picker(draw, size=(3, 4, 6), shade=["red", "blue"])


def pixels(picker):
    tag = r'<img alt="[^"]*" style="max-width: 100%" src="data:image/png;base64,([^"]+)">'
    data = re.fullmatch(tag, picker.picture.value)[1]
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def test_the_first_values_are_drawn_at_the_start(picker, calls):
    assert calls == [(3, "red")]
    assert pixels(picker).shape == (50, 150, 3)
    assert pixels(picker)[0, 0].tolist() == [255, 0, 0]


def test_what_is_chosen_is_drawn(picker, calls):
    picker.buttons["size"].value = 6
    assert pixels(picker).shape == (50, 300, 3)
    picker.buttons["shade"].value = "blue"
    assert pixels(picker).shape == (50, 300, 3)
    assert pixels(picker)[0, 0].tolist() == [0, 0, 255]
    assert calls == [(3, "red"), (6, "red"), (6, "blue")]


def test_the_titles_are_the_text_alternative(picker):
    alt = "size 3; &quot;red&quot; &amp; &lt;more&gt;"
    assert picker.picture.value.startswith(f'<img alt="{alt}" ')


def test_every_value_has_its_button_and_every_argument_its_name(picker):
    rows = picker.children[:2]
    assert [row.description for row in rows] == ["size", "shade"]
    assert [label for label, _ in rows[0].options] == ["3", "4", "6"]
    assert [value for _, value in rows[0].options] == [3, 4, 6]
    assert list(rows[1].tooltips) == ["shade=red", "shade=blue"]
    assert picker.children[2] is picker.picture


def test_no_figure_stays_open(picker):
    picker.buttons["size"].value = 4
    assert plt.get_fignums() == []


def test_only_the_live_widget_is_shown(picker):
    # nbval compares all that a cell shows but this type, and a stored lesson holds none of it.
    InteractiveShell.instance()
    try:
        with capture_output() as shown:
            display(picker)
    finally:
        InteractiveShell.clear_instance()
    (output,) = shown.outputs
    assert list(output.data) == ["application/vnd.jupyter.widget-view+json"]
    assert output.data.popitem()[1]["model_id"] == picker.model_id


def test_a_picker_needs_arguments_and_values():
    with pytest.raises(ValueError, match="choices is empty: name at least one argument"):
        Picker(plt.figure)
    with pytest.raises(ValueError, match=r"num=\(\) is empty: there is no value to choose"):
        Picker(plt.figure, num=())
