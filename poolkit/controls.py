"""Small controls for lessons: buttons to choose from, and the picture that belongs to the choice.

The large one, in which every cell can be changed, is `explorer`.
"""

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import matplotlib.pyplot as plt
from IPython.display import display
from matplotlib.figure import Figure


def show_widget(widget: widgets.Widget) -> None:
    """Show a widget without the text that Jupyter stores beside one: a comparison would find it."""
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    display({"application/vnd.jupyter.widget-view+json": view}, raw=True)


class Picker(widgets.VBox):
    """Buttons for each argument of a drawing function, and the picture it draws of what is chosen.

    A notebook stores nothing of a Picker, so show a figure next to it for readers without a kernel.

    Args: `draw`, a function that returns a new matplotlib Figure; `choices`, for each of its
    arguments by name the values to choose from, the first of them chosen at the start.
    Attributes: `buttons`, a dict from argument to its ToggleButtons; `picture`, an HTML widget.
    Raises: ValueError if there is no argument, or one without values. Introduced in lesson 09.
    """

    def __init__(self, draw: Callable[..., Figure], **choices: Sequence[Any]):
        if not choices:
            raise ValueError("choices is empty: name at least one argument, with its values")
        for name, values in choices.items():
            if not len(values):
                raise ValueError(f"{name}={values!r} is empty: there is no value to choose")
        self._draw = draw
        self.buttons = {
            name: widgets.ToggleButtons(
                options=[(str(value), value) for value in values],
                tooltips=[f"{name}={value}" for value in values],
                description=name,
                style={"button_width": "auto", "description_width": "7em"},
            )
            for name, values in choices.items()
        }
        self.picture = widgets.HTML()
        for row in self.buttons.values():
            row.observe(self._redraw, "value")
        super().__init__([*self.buttons.values(), self.picture])
        self._redraw()

    _ipython_display_ = show_widget

    def _redraw(self, change: Any = None) -> None:
        figure = self._draw(**{name: row.value for name, row in self.buttons.items()})
        png = io.BytesIO()
        figure.savefig(png, format="png")
        titles = html.escape("; ".join(ax.get_title() for ax in figure.axes))
        data = f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode('ascii')}"
        self.picture.value = f'<img alt="{titles}" style="max-width: 100%" src="{data}">'
        # Open figures would be drawn once more below the cell.
        plt.close(figure)
