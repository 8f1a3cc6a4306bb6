"""The inputs of exercises: what several share, and short ways to write them."""

import ast

import numpy as np


def array(text, dtype=float):
    """An array, written with spaces between the numbers and semicolons between the rows."""
    return np.array([row.split() for row in text.split(";")], dtype)


def calls(text):
    """The arguments of a function in several calls: spaces between them, none inside a list, and
    semicolons between the calls."""
    return [tuple(map(ast.literal_eval, row.split())) for row in text.split(";")]


def uneven(height, width):
    """An array of whole floats in which neighbours differ and no row repeats another."""
    count = np.arange(height * width)
    return (count * 7 % 11 + count % 3).reshape(height, width) * 1.0


# The sixteen numbers of lesson 01.
GRID = array("1 3 2 4; 5 6 1 2; 0 1 3 1; 2 4 5 2")
