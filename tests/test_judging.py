import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from poolkit.judging import above, below, paired_difference, verdict


def test_above_and_below():
    assert [above(x, 2, 0.5) for x in (3, 2.5, 2.2, 1.5, 1)] == [1, 0, 0, 0, -1]
    assert [below(x, 2, 0.5) for x in (3, 2.5, 2.2, 1.5, 1)] == [-1, 0, 0, 0, 1]
    assert [above(x, 0) for x in ((1, 2), (-1, 2), (-2, -1), (0, 1), 0)] == [1, 0, -1, 0, 0]
    assert above(float("nan"), 0) == 0
    with pytest.raises(ValueError, match="margin=-1 is negative"):
        above(1, 0, -1)
    with pytest.raises(ValueError, match=r"figure=\(2, 1\) has its highest number first"):
        above((2, 1), 0)


def test_verdict():
    assert verdict(iter([1, 1])) == "true" and verdict([-1]) == "false"
    assert {verdict(s) for s in ([1, -1], [1, 0], [1, 0, -1])} == {"partly"}
    assert {verdict(s) for s in ([0], [0, -1])} == {"open"}
    with pytest.raises(ValueError, match="cases is empty"):
        verdict([])


def test_five_pairs_by_hand():
    found = paired_difference([8, 6, 7, 10, 5], [5, 4, 6, 6, 6])
    # Sorted, the differences are -1, 1, 2, 3, 4.
    assert found == (2, 1.8, (-1, 4), 1 - 2 / 32, 4, 1, 2 * (1 + 5) / 32)
    assert above(found.interval, 0) == 0
    assert paired_difference([2] * 5, [1] * 5).p_value == 1 / 16
    # All six coins but one on a side: 2 * (1 + 6) of 64.
    assert paired_difference(range(6), [0] * 6, confidence=1 - 14 / 64).interval == (1, 4)
    assert paired_difference(range(6), [0] * 6, confidence=0.79).interval == (0, 5)
    # A tie says nothing of the sign: three of three.
    assert paired_difference([1, 1, 1, 0, 0], [0] * 5).p_value == 2 / 8


SCORES = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=5, max_size=60)


@given(SCORES, st.sampled_from([0.5, 0.8, 0.9]))
def test_interval_and_p_value_by_scipy(pairs, confidence):
    a, b = (list(scores) for scores in zip(*pairs, strict=True))
    found = paired_difference(a, b, confidence=confidence)
    differences = np.subtract(a, b)
    assert found.median == np.median(differences)
    assert found.mean == pytest.approx(differences.mean())
    quantile = scipy.stats.quantile_test(differences, p=0.5)
    assert found.interval == tuple(quantile.confidence_interval(confidence))
    signs = (differences > 0).sum(), (differences < 0).sum()
    assert (found.above, found.below) == signs
    if sum(signs):
        sign_test = scipy.stats.binomtest(signs[0], sum(signs))
        assert found.p_value == pytest.approx(sign_test.pvalue)
    else:
        assert found.p_value == 1


@pytest.mark.parametrize(("pairs", "confidence"), [(5, 0.9), (8, 0.9), (9, 0.5), (11, 0.3)])
def test_the_confidence_is_how_often_the_interval_holds_the_median(pairs, confidence):
    # All ways in which the signs can fall: the median is 0, each is as likely as the others.
    held = []
    for signs in itertools.product((-1, 1), repeat=pairs):
        differences = [sign * size for size, sign in enumerate(signs, start=1)]
        found = paired_difference(differences, [0] * pairs, confidence=confidence)
        held.append(found.interval[0] <= 0 <= found.interval[1])
    assert sum(held) / len(held) == pytest.approx(found.confidence)
    assert found.confidence >= confidence


def test_the_p_value_is_how_often_luck_is_as_one_sided():
    signs = [sum(signs) for signs in itertools.product((-1, 1), repeat=7)]
    for ahead in range(8):
        found = paired_difference([1] * ahead + [-1] * (7 - ahead), [0] * 7)
        as_far = sum(abs(s) >= abs(2 * ahead - 7) for s in signs)
        assert found.p_value == pytest.approx(as_far / 2**7)


@given(SCORES, st.randoms())
def test_pairs_have_no_order_and_two_sides(pairs, random):
    a, b = zip(*pairs, strict=True)
    found, turned = paired_difference(a, b), paired_difference(b, a)
    low, high = found.interval
    assert turned.interval == (-high, -low) and turned.median == -found.median
    assert (turned.above, turned.below) == (found.below, found.above)
    assert (turned.p_value, turned.confidence) == (found.p_value, found.confidence)
    mixed = random.sample(pairs, len(pairs))
    assert paired_difference(*zip(*mixed, strict=True)) == found
    further = paired_difference([x + 3 for x in a], b)
    assert further.interval == (low + 3, high + 3)


def test_comparisons_share_the_chance_to_be_wrong():
    a, b = list(range(20)), [0] * 20
    one, ten = paired_difference(a, b), paired_difference(a, b, comparisons=10)
    single = paired_difference(a, b, confidence=0.99)
    assert one.interval == (5, 14) and ten.interval == single.interval == (3, 16)
    # The chance that one of ten is wrong is at most ten times that of one.
    assert 1 - ten.confidence == pytest.approx(10 * (1 - single.confidence))
    assert ten.p_value == 10 * one.p_value
    assert paired_difference([1, -1] * 4, [0] * 8, comparisons=10).p_value == 1
    # What five seeds can say of ten comparisons at once: 1 - 10 / 16.
    assert paired_difference(a[:5], b[:5], comparisons=10, confidence=0.3).confidence == 0.375


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ([[1, 2], [1]], {}, ValueError, "a has 2 figures and b has 1; they must come in pairs"),
        ([[], []], {}, ValueError, "confidence=0.9 needs 5 pairs for comparisons=1; with 0 it"),
        ([[1] * 4, [0] * 4], {}, ValueError, "needs 5 pairs .* with 4 it is at most 0.875"),
        (
            [[1] * 5, [0] * 5],
            {"comparisons": 10},
            ValueError,
            "needs 8 pairs for comparisons=10; with 5 it is at most 0.375",
        ),
        ([[1] * 5, [0] * 5], {"comparisons": 40}, ValueError, "with 5 it is at most 0.0"),
        ([[1] * 5, [0] * 5], {"confidence": 0.95}, ValueError, "confidence=0.95 needs 6 pairs"),
        ([[1] * 5, [0] * 5], {"confidence": 1}, ValueError, "confidence=1 must be between 0 and 1"),
        ([[1] * 5, [0] * 5], {"confidence": "high"}, TypeError, "confidence='high' must be a num"),
        ([[1] * 5, [0] * 5], {"comparisons": 0}, ValueError, "comparisons=0 must be at least 1"),
        ([[1] * 5, [0] * 5], {"comparisons": 1.5}, TypeError, "comparisons=1.5 must be a whole"),
        ([[1, 2, math.nan, 4, 5], [0] * 5], {}, ValueError, r"a\[2\]=nan must be a finite number"),
        ([[1] * 5, [0, 0, 0, 0, math.inf]], {}, ValueError, r"b\[4\]=inf must be a finite"),
        ([[1] * 5, [0, "1", 0, 0, 0]], {}, TypeError, r"b\[1\]='1' must be a number, not str"),
        ([[True] * 5, [0] * 5], {}, TypeError, r"a\[0\]=True must be a number, not bool"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, options, error, message):
    with pytest.raises(error, match=message):
        paired_difference(*arguments, **options)


def test_arrays_are_compared_too():
    a, b = np.array([3.0, 1, 2, 5, 4]), np.zeros(5, np.float32)
    assert paired_difference(a, b) == paired_difference(a.tolist(), b.tolist())
