"""Functions to write yourself, each with a check that shows the first counterexample.

In a lesson: ``from poolkit import exercises as ex``, then ``ex.min_pool.check(min_pool)``,
``ex.min_pool.hint()`` and ``ex.min_pool.solution()``.
"""

from poolkit.exercises.exercise import Exercise
from poolkit.exercises.lesson_01 import avg_pool, lost_cells, max_pool, min_pool
from poolkit.exercises.lesson_02 import (
    adaptive_windows,
    average_divisors,
    max_pool_padded,
    output_size,
    output_size_ceil,
    receptive_field,
)
from poolkit.exercises.lesson_03 import (
    avg_pool_backward,
    avg_pool_backward_overlapping,
    max_pool_backward,
    never_learn,
    numeric_gradient,
)
from poolkit.exercises.lesson_04 import block_avg, running_max, running_sum, tap_values
from poolkit.exercises.lesson_05 import expected_draw, generalised_mean, mixed_pool, pyramid_length
from poolkit.exercises.lesson_06 import accuracy, conv_parameters, subsampling
from poolkit.exercises.lesson_07 import added_parameters, epochs, paired_range, same_sign_by_chance
from poolkit.exercises.lesson_08 import blur_row, changed_cells, consistency, exact_shifts
from poolkit.exercises.lesson_09 import (
    activation_bytes,
    conv_multiply_adds,
    first_dense_parameters,
    stride_factor,
)
from poolkit.exercises.lesson_10 import (
    conv_matrix,
    conv_transpose,
    output_padding,
    overlap_counts,
    unpool,
    upsample_backward,
)
from poolkit.exercises.lesson_11 import border_cells, iou, kept_bytes, mean_iou
from poolkit.exercises.lesson_12 import largest_margin, seeds_needed, side

__all__ = [
    "Exercise",
    "accuracy",
    "activation_bytes",
    "adaptive_windows",
    "added_parameters",
    "average_divisors",
    "avg_pool",
    "avg_pool_backward",
    "avg_pool_backward_overlapping",
    "block_avg",
    "blur_row",
    "border_cells",
    "changed_cells",
    "consistency",
    "conv_matrix",
    "conv_multiply_adds",
    "conv_parameters",
    "conv_transpose",
    "epochs",
    "exact_shifts",
    "expected_draw",
    "first_dense_parameters",
    "generalised_mean",
    "iou",
    "kept_bytes",
    "largest_margin",
    "lost_cells",
    "max_pool",
    "max_pool_backward",
    "max_pool_padded",
    "mean_iou",
    "min_pool",
    "mixed_pool",
    "never_learn",
    "numeric_gradient",
    "output_padding",
    "output_size",
    "output_size_ceil",
    "overlap_counts",
    "paired_range",
    "pyramid_length",
    "receptive_field",
    "running_max",
    "running_sum",
    "same_sign_by_chance",
    "seeds_needed",
    "side",
    "stride_factor",
    "subsampling",
    "tap_values",
    "unpool",
    "upsample_backward",
]
