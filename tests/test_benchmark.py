"""The benchmark with a clock of its own; times themselves are never asserted."""

import re

import numpy as np
import pytest
import torch

from poolkit import benchmark
from poolkit.benchmark import (
    SETTINGS,
    Comparison,
    check_agreement,
    comparison,
    main,
    measure,
    table,
)


class Clock:
    """A clock that stands still, except while a task runs."""

    def __init__(self):
        self.now = 0.0
        self.runs = []

    def __call__(self):
        return self.now

    def task(self, name, *seconds):
        """A function that takes these seconds, run by run; the last of them from then on."""
        left = list(seconds)

        def run():
            self.runs.append((name, torch.get_num_threads()))
            self.now += left.pop(0) if len(left) > 1 else left[0]
            return np.zeros(1)

        return run


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(benchmark.time, "perf_counter", clock)
    return clock


def row(clock, **seconds):
    contenders = {name.replace("_", " "): clock.task(name, s) for name, s in seconds.items()}
    contenders["torch, 1 thread"] = contenders.pop("one thread")
    return Comparison("pool", (1, 3, 8, 8), "2×2, stride 2", contenders)


def test_the_median_counts_and_the_first_round_does_not(clock):
    tasks = {"slow": clock.task("slow", 99, 1, 2, 9), "even": clock.task("even", 5)}
    assert measure(tasks, rounds=3) == {"slow": 2, "even": 5}


def test_all_run_once_a_round_in_changing_order(clock):
    measure({name: clock.task(name, 1) for name in "abc"}, rounds=7)
    names = [name for name, _ in clock.runs]
    rounds = ["".join(names[i : i + 3]) for i in range(0, 24, 3)]
    assert len(rounds) == 8
    assert all(sorted(one) == list("abc") for one in rounds)
    assert len(set(rounds)) > 2


def test_one_thread_is_given_to_the_one_that_asks(clock, monkeypatch):
    # The tests give torch one thread; here it must have two to lose.
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        measure({name: clock.task(name, 1) for name in ("torch", "torch, 1 thread", "copy")}, 2)
        assert set(clock.runs) == {("torch", 2), ("torch, 1 thread", 1), ("copy", 2)}

        def broken():
            raise KeyError("stop")

        with pytest.raises(KeyError):
            measure({"torch, 1 thread": broken})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_no_rounds_are_refused():
    with pytest.raises(ValueError, match="rounds=0 must be at least 1"):
        measure({}, rounds=0)


def test_the_table_shows_milliseconds_ratio_and_copies(clock):
    found = table([row(clock, poolkit=0.5, torch=2, one_thread=1.25, copy=0.2, loop=0.03)])
    head, line = found.splitlines()
    assert re.split(r"\s{2,}", head) == [
        *("operation", "shape", "kernel", "poolkit ms", "torch ms", "channels last ms"),
        *("scikit-image ms", "sliding window ms", "loop ms", "torch / poolkit", "copies"),
    ]
    # The loop ran on one of three maps; torch counts with its better number of threads.
    assert re.split(r"\s{2,}", line) == [
        *("pool", "1×3×8×8", "2×2, stride 2", "500", "1250", "–", "–", "–", "90", "2.50", "2.5"),
    ]


def test_what_differs_is_not_timed(clock):
    wrong = row(clock, poolkit=1, torch=1, one_thread=1, copy=1)
    wrong.contenders["torch"] = lambda: np.ones(1)
    with pytest.raises(AssertionError, match="torch and poolkit differ: pool, 2×2, stride 2"):
        table([wrong])


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_all_contenders_compute_the_same(setting):
    # On maps as small as the kernel allows; the command itself checks the large ones.
    operation, _, size, *more = setting
    one = comparison(operation, (2, 3, size + 4, size + 6), size, *more)
    check_agreement(one)
    assert one.contenders["copy"]().shape == one.shape
    others = set(one.contenders) - {"poolkit", "torch", "torch, 1 thread", "copy"}
    if operation not in ("max_pool2d", "avg_pool2d"):
        assert not others
    elif len(more) == 2:
        assert others == {"channels last"}
    else:
        assert others >= {"channels last", "sliding window", "loop"}
        assert ("scikit-image" in others) == (size == more[0])
        expected = one.contenders["poolkit"]()[0, 0]
        np.testing.assert_allclose(one.contenders["loop"](), expected, atol=1e-5)


def test_rows_are_named_by_what_they_compute():
    assert {operation.split(",")[0] for operation, *_ in SETTINGS} == {
        *("max_pool2d", "avg_pool2d", "max_unpool2d", "adaptive_avg_pool2d", "conv_transpose2d"),
    }
    row = comparison("max_pool2d", (1, 3, 8, 9), 3, 2, 1)
    assert (row.operation, row.shape) == ("max_pool2d", (1, 3, 8, 9))
    assert row.kernel == "3×3, stride 2, padding 1"
    assert row.contenders["poolkit"]().shape == (1, 3, 4, 5)
    assert comparison("max_unpool2d", (1, 3, 8, 8), 3, 2).kernel == "3×3, stride 2"
    row = comparison("adaptive_avg_pool2d", (1, 3, 8, 9), 5)
    assert row.kernel == "to 5×5" and row.contenders["poolkit"]().shape == (1, 3, 5, 5)
    # The four that work with indices are four different things.
    shapes = [
        comparison(operation, (1, 3, 8, 8), 3, 2).contenders["poolkit"]()
        for operation in benchmark._WITH_INDICES
    ]
    assert [x.shape for x in shapes] == [(1, 3, 3, 3)] + [(1, 3, 8, 8)] * 3
    assert np.array_equal(shapes[1], shapes[2]) and not np.array_equal(shapes[1], shapes[3])


def test_the_command_prints_the_table(clock, monkeypatch, capsys):
    ran = []

    def made(*setting):
        ran.append(setting)
        return row(clock, poolkit=1, torch=2, one_thread=3, copy=1)

    monkeypatch.setattr(benchmark, "comparison", made)
    main([])
    output = capsys.readouterr().out
    assert output.startswith("operation") and output.count("2×2, stride 2") == len(SETTINGS)
    assert tuple(ran) == SETTINGS
    assert "medians of 7" in output


def test_fewer_rounds_than_seven_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--rounds", "6"])
    assert "--rounds 6 must be at least 7" in capsys.readouterr().err
