"""The exercises of lesson 07: differences over seeds, and what a comparison must hold equal."""

import numpy as np

from poolkit.exercises.exercise import Exercise


def _arrays(*rows):
    return [{"a": np.array(a), "b": np.array(b)} for a, b in rows]


paired_range = Exercise(
    name="paired_range",
    prompt=(
        "`a` and `b` are arrays of floats: the results of two variants, one for each seed, in the "
        "same order. Take the differences `a` minus `b` seed by seed. Return the lowest and the "
        "highest, as an array of two floats."
    ),
    reference=lambda a, b: np.array([(a - b).min(), (a - b).max()]),
    cases=_arrays(
        ([3.0], [1.0]),
        ([3.0, 7.0], [1.0, 2.0]),
        ([5.0, 5.0, 5.0], [4.0, 6.0, 5.0]),
        ([88.0, 88.6, 87.9], [86.1, 86.0, 86.4]),
        ([1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0]),
        ([86.5, 86.5, 86.2, 86.9, 86.4], [88.0, 88.6, 87.9, 88.1, 88.3]),
    ),
    hints=[
        "NumPy subtracts two arrays of one length entry by entry.",
        "The lowest difference is not the difference of the lowest results.",
        "np.array([…, …]) makes an array of two numbers.",
    ],
    solution_source="""
def paired_range(a, b):
    differences = a - b
    return np.array([differences.min(), differences.max()])
""",
    mistakes={
        "difference of the extremes": """
def paired_range(a, b):
    return np.array([a.min() - b.min(), a.max() - b.max()])
""",
        "as if the seeds did not belong together": """
def paired_range(a, b):
    return np.array([a.min() - b.max(), a.max() - b.min()])
""",
        "b minus a": """
def paired_range(a, b):
    return np.array([(b - a).min(), (b - a).max()])
""",
        "size without sign": """
def paired_range(a, b):
    return np.array([abs(a - b).min(), abs(a - b).max()])
""",
        "highest first": """
def paired_range(a, b):
    return np.array([(a - b).max(), (a - b).min()])
""",
        "first and last seed": """
def paired_range(a, b):
    return (a - b)[[0, -1]]
""",
    },
    meaning="If 0 lies outside of this range, one variant was ahead with every single seed.",
)

same_sign_by_chance = Exercise(
    name="same_sign_by_chance",
    prompt=(
        "Two variants are equally good, so that with each seed either is ahead with a chance of "
        "one half. Return the chance that one of them is ahead with all of `seeds` seeds: a float."
    ),
    reference=lambda seeds: 2 * 0.5**seeds,
    cases=[{"seeds": seeds} for seeds in (1, 2, 3, 5, 10)],
    hints=[
        "The chance that the first variant wins with every seed is a half times a half times …",
        "It may just as well be the second variant that always wins.",
    ],
    solution_source="""
def same_sign_by_chance(seeds):
    return 2 * 0.5**seeds
""",
    mistakes={
        "the first variant only": """
def same_sign_by_chance(seeds):
    return 0.5**seeds
""",
        "one half over the seeds": """
def same_sign_by_chance(seeds):
    return 0.5 / seeds
""",
        "one over the seeds": """
def same_sign_by_chance(seeds):
    return 1 / seeds
""",
        "the chance that it does not happen": """
def same_sign_by_chance(seeds):
    return 1 - 2 * 0.5**seeds
""",
        "always one half": """
def same_sign_by_chance(seeds):
    return 0.5
""",
    },
    meaning=(
        "With five seeds it is 1 in 16. Whoever compares sixteen pairs of equals must expect to "
        "find one winner."
    ),
)

epochs = Exercise(
    name="epochs",
    prompt=(
        "An epoch takes the training images in batches of `batch_size`; those left over that do "
        "not fill a batch are not used. Return how many epochs `steps` steps are, for a training "
        "set of `images` images: a float, as the last epoch may be cut short."
    ),
    reference=lambda images, steps, batch_size: steps / (images // batch_size),
    cases=[
        dict(zip(("images", "steps", "batch_size"), row, strict=True))
        for row in [
            *((10, 1, 10), (20, 1, 10), (20, 5, 10), (25, 4, 10), (500, 465, 128)),
            *((12_000, 465, 128), (1000, 10, 128)),
        ]
    ],
    hints=[
        "How many whole batches are there in one epoch?",
        "// divides and drops what is left over.",
        "The steps are spread over epochs of so many batches.",
    ],
    solution_source="""
def epochs(images, steps, batch_size):
    batches = images // batch_size
    return steps / batches
""",
    mistakes={
        "left-over images counted": """
def epochs(images, steps, batch_size):
    return steps * batch_size / images
""",
        "whole epochs only": """
def epochs(images, steps, batch_size):
    return float(steps // (images // batch_size))
""",
        "left-over images make a batch": """
def epochs(images, steps, batch_size):
    return steps / -(-images // batch_size)
""",
        "one image a step": """
def epochs(images, steps, batch_size):
    return steps / images
""",
        "upside down": """
def epochs(images, steps, batch_size):
    return (images // batch_size) / steps
""",
    },
    meaning=(
        "Equal steps are a choice: the smallest set of this lesson had 155 epochs, the largest "
        "5 times. Equal epochs would have given the smallest a thirtieth of the training."
    ),
)

added_parameters = Exercise(
    name="added_parameters",
    prompt=(
        "`added strided` puts one more layer after each block: a 3×3 convolution without bias from "
        "the block's maps to as many maps, and a normalisation, which trains two numbers for each "
        "map. `channels` is a list with the number of maps of each block. Return how many "
        "parameters that adds in all."
    ),
    reference=lambda channels: sum(9 * c * c + 2 * c for c in channels),
    cases=[
        {"channels": channels}
        for channels in ([1], [2], [16], [1, 2], [16, 32, 32], [64, 128, 256, 512])
    ],
    hints=[
        "Every output map has a 3×3 grid of weights for each input map.",
        "From c maps to c maps that is 9 × c × c weights.",
        "Work out one block with its normalisation, then add up the blocks.",
    ],
    solution_source="""
def added_parameters(channels):
    return sum(9 * c * c + 2 * c for c in channels)
""",
    mistakes={
        "normalisation forgotten": """
def added_parameters(channels):
    return sum(9 * c * c for c in channels)
""",
        "one grid for each map": """
def added_parameters(channels):
    return sum(9 * c + 2 * c for c in channels)
""",
        "a bias for each map": """
def added_parameters(channels):
    return sum(9 * c * c + 3 * c for c in channels)
""",
        "from one block's maps to the next": """
def added_parameters(channels):
    return sum(9 * a * b + 2 * b for a, b in zip([1, *channels], channels))
""",
        "one number for each map": """
def added_parameters(channels):
    return sum(9 * c * c + c for c in channels)
""",
        "all maps as one block": """
def added_parameters(channels):
    return 9 * sum(channels) ** 2 + 2 * sum(channels)
""",
    },
    meaning=(
        "Pooling would add none. So a network with added convolutions has more than stride to "
        "its advantage. Compare it with a pooled network of the same size, `added max`, before you "
        "give the credit to the stride."
    ),
)
