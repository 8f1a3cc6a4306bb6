"""The exercises of lesson 08: differences over seeds, and what a comparison must hold equal."""

import numpy as np

from poolkit.exercises.cases import calls
from poolkit.exercises.exercise import exercise


@exercise(
    (np.array([3.0]), np.array([1.0])),
    (np.array([3.0, 7.0]), np.array([1.0, 2.0])),
    (np.array([5.0, 5.0, 5.0]), np.array([4.0, 6.0, 5.0])),
    (np.array([88.0, 88.6, 87.9]), np.array([86.1, 86.0, 86.4])),
    (np.array([1.0, 2.0, 3.0, 4.0]), np.array([2.0, 3.0, 4.0, 5.0])),
    (np.array([86.5, 86.5, 86.2, 86.9, 86.4]), np.array([88.0, 88.6, 87.9, 88.1, 88.3])),
    example=1,
)
def paired_range(a, b):
    """`a` and `b` are 1-D arrays of floats of one length: the results of two variants, one for each
    seed, in the same order of seeds. Take the differences `a` minus `b` seed by seed. Return the
    lowest and the highest of them, in this order: an array of two floats.

    Hint: NumPy subtracts two arrays of one length entry by entry.
    Hint: The lowest difference is not the difference of the lowest results.
    Hint: np.array([…, …]) makes an array of two numbers.
    Right: If 0 lies outside of this range, one variant was ahead with every single seed.
    """
    differences = a - b
    return np.array([differences.min(), differences.max()])


@exercise(*calls("1; 2; 3; 5; 10"), example=2)
def same_sign_by_chance(seeds):
    """Two variants are equally good: with each seed either of them is ahead with a chance of one
    half. `seeds` is how many seeds there are, a whole number of at least 1. Return the chance that
    the same variant, whichever of the two, is ahead with all of them: one float.

    Hint: The chance that the first variant wins with every seed is a half times a half times …
    Hint: It may just as well be the second variant that always wins.
    Right: With five seeds it is 1 in 16. Whoever compares sixteen pairs of equals must expect to
    find one winner.
    """
    return 2 * 0.5**seeds


@exercise(
    *calls("10 1 10; 20 1 10; 20 5 10; 25 4 10; 500 465 128; 12_000 465 128; 1000 10 128"),
    example=3,
)
def epochs(images, steps, batch_size):
    """A training set has `images` images. An epoch takes them in batches of `batch_size`, and each
    batch is one step. Images left over that do not fill a batch are not used in that epoch: it has
    whole batches only. Return how many epochs `steps` steps are: one float, as the last epoch may
    be cut short.

    Hint: How many whole batches are there in one epoch?
    Hint: // divides and drops what is left over.
    Hint: The steps are spread over epochs of so many batches.
    Right: Equal steps are a choice: the smallest set of this lesson had 155 epochs, the largest 5
    times. Equal epochs would have given the smallest a thirtieth of the training.
    """
    batches = images // batch_size
    return steps / batches


@exercise(*calls("[1]; [2]; [16]; [1,2]; [16,32,32]; [64,128,256,512]"), example=1)
def added_parameters(channels):
    """`channels` is a list: how many maps each block of a network has. The variant `added strided`
    puts two more layers after each block, here one of c maps. The first is a 3×3 convolution from c
    maps to c maps, without bias: a grid of 3×3 weights for each output map and each input map. The
    second is a normalisation, with two trained numbers for each map. Return how many numbers to
    train that adds in all: a whole number.

    Hint: Every output map has a 3×3 grid of weights for each input map.
    Hint: From c maps to c maps that is 9 × c × c weights.
    Hint: Work out one block with its normalisation, then add up the blocks.
    Right: Pooling would add none. So a network with added convolutions has more than stride to its
    advantage. Compare it with a pooled network of the same size, `added max`, before you give the
    credit to the stride.
    """
    return sum(9 * c * c + 2 * c for c in channels)
