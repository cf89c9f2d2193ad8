"""Gross breakage: what is found, how soon, and what is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from bench.calibration import broken_traffic as traffic
from bench.calibration.broken import Sidecar, layout_of
from bench.calibration.broken_traffic import Habits, People, Rows
from scipy.stats import binom

from inference_exporter.accumulators import Layout
from inference_exporter.accumulators.cell_table import ABOVE, INVALID, MISSING, STRANGE, Cells
from inference_exporter.broken import Broken, verdict
from inference_exporter.repeats import (
    STRETCH,
    STRETCHES,
    Crowds,
    Keys,
    Seen,
    fingerprints,
    inputs_of,
    mixed,
)
from inference_exporter.values.batch import (
    Batch,
    Bools,
    CategoryColumn,
    FeatureColumn,
    Floats,
    NumericColumn,
)

BEGIN = 1_793_527_200.0
PER_HOUR = 1_000.0


@pytest.fixture(scope="module")
def layout() -> Layout:
    return layout_of(Habits(), PER_HOUR)


class Story:
    """Traffic of a sidecar, minute by minute."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.people = layout, People(5)
        self.sidecar = Sidecar(layout)
        self.now = BEGIN

    def minutes(self, count: int, rows: int = 17, change=lambda rows: None) -> set[tuple[str, str]]:  # type: ignore[no-untyped-def]
        """So many minutes with so many rows each; what is broken after them."""
        for _ in range(count):
            drawn = self.people.rows(rows)
            change(drawn)
            self.rows(drawn)
        return self.sidecar.found()

    def rows(self, drawn: Rows) -> None:
        """A minute of these rows."""
        size = len(drawn["age"])
        times = self.now + np.linspace(0.0, 59.0, size)
        self.now += 60.0
        self.sidecar.read(drawn if size else {}, times, self.now - 0.5)


def _set(name: str, value: float):  # type: ignore[no-untyped-def]
    def change(rows: Rows) -> None:
        rows[name][:] = value

    return change


def _thousandfold(rows: Rows) -> None:
    rows["income"] *= 1000.0


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_set("income", np.nan), ("income", "missing")),
        (_set("income", np.inf), ("income", "invalid")),
        (_set("income", 5e7), ("income", "strange")),
        (_thousandfold, ("income", "strange")),
        (_set("income", 20_000.0), ("income", "one_value")),
        (_set("country", -1.0), ("country", "missing")),
        (_set("country", 99.0), ("country", "strange")),
        (_set("country", 0.0), ("country", "one_value")),
        (_set("tenure", np.nan), ("tenure", "missing")),
    ],
)
def test_what_breaks_is_found_within_minutes_and_is_over_when_it_is(layout, change, kind) -> None:  # type: ignore[no-untyped-def]
    story = Story(layout)
    assert story.minutes(61) == set()
    assert kind in story.minutes(4, change=change)
    assert story.minutes(7) == set()


def test_one_breakage_is_one_feature(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    assert {name for name, _ in story.minutes(5, change=_thousandfold)} == {"income"}


def test_a_client_that_retries_one_row_breaks_nothing(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    one = traffic.taken(story.people.rows(20), 3, 4)
    for _ in range(5):
        drawn = story.people.rows(17)
        many = {name: np.concatenate((drawn[name], np.repeat(one[name], 400))) for name in drawn}
        story.rows(many)
        assert story.sidecar.found() == set()


def test_a_retried_row_without_a_value_that_all_others_have_breaks_nothing_by_itself(
    layout: Layout,
) -> None:
    """Once in ten seconds it counts, as six a minute beside seventeen."""
    story = Story(layout)
    story.minutes(61)
    one = traffic.taken(story.people.rows(20), 3, 4)
    one["income"][:] = np.nan
    for _ in range(5):
        drawn = story.people.rows(17)
        story.rows({n: np.concatenate((drawn[n], np.repeat(one[n], 400))) for n in drawn})
    assert story.sidecar.found() == set()


def test_one_row_that_is_most_of_slow_traffic_breaks_nothing(layout: Layout) -> None:
    """Once in ten seconds it is six a minute, beside four; all of them are one row."""
    story = Story(layout)
    story.minutes(120, rows=4)
    one = traffic.taken(story.people.rows(20), 3, 4)
    one["income"][:] = 5e7  # far above the reference's range
    for _ in range(10):
        drawn = story.people.rows(4)
        story.rows({n: np.concatenate((drawn[n], np.repeat(one[n], 15))) for n in drawn})
        assert story.sidecar.found() == set()


def test_a_batch_of_one_kind_out_of_nothing_waits_for_an_hour(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(60)
    story.minutes(120, rows=0)
    found = [story.minutes(1, change=_set("country", 2.0)) for _ in range(70)]
    assert found[55] == set(), "it may be a job, whose rows are of one country"
    assert found[-1] == {("country", "one_value")}, "no job, after an hour"


def test_a_batch_on_top_of_traffic_is_told_by_its_rows(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    assert story.minutes(20, rows=200, change=_set("country", 2.0)) == set()
    assert story.minutes(10) == set()


def test_a_batch_that_ends_is_told_by_the_minute_before(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    story.minutes(20, rows=200, change=_set("tenure", np.nan))
    assert story.minutes(1, rows=9, change=_set("tenure", np.nan)) == set(), "its last rows"


def test_a_batch_that_ends_in_a_pause_is_told_by_all_of_its_minutes(layout: Layout) -> None:
    """Minutes after, looks hold its last rows alone, which are about as many as usual."""
    story = Story(layout)
    story.minutes(61)
    story.minutes(20, rows=150, change=_set("tenure", np.nan))
    last = [story.minutes(1, rows=44, change=_set("tenure", np.nan))]
    assert [*last, *(story.minutes(1, rows=0) for _ in range(8))] == [set()] * 9


def test_clients_that_retry_for_a_while_do_not_hide_a_breakage(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    change = _set("tenure", np.nan)
    story.minutes(1, rows=150, change=change)
    assert ("tenure", "missing") in story.minutes(7, change=change)


def test_the_wait_for_a_batch_begins_before_rows_are_enough(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61, rows=5)
    assert story.minutes(1, rows=5, change=_set("tenure", np.nan)) == set()
    puts, _ = story.sidecar.broken.take_changes()
    again = Broken(layout, 0.1)
    assert again.restore(puts) == []
    (kept,), (restored,) = story.sidecar.broken.versions.values(), again.versions.values()
    assert np.nansum(kept.suspected) > 0.0
    np.testing.assert_array_equal(kept.suspected, restored.suspected)
    assert ("tenure", "missing") in story.minutes(1, rows=5, change=_set("tenure", np.nan))


def test_what_the_reference_does_not_have_at_all_needs_no_traffic_before(layout: Layout) -> None:
    assert ("income", "missing") in Story(layout).minutes(2, change=_set("income", np.nan))


def test_a_breakage_survives_a_restart(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(61)
    story.minutes(4, change=_set("income", np.nan))
    puts, _ = story.sidecar.broken.take_changes()
    again = Broken(layout, 0.1)
    assert again.restore(puts) == []
    before = list(story.sidecar.broken.found())
    assert list(again.found()) == before
    again.advance(story.now + 600.0)
    assert list(again.found()) == before, "without rows it stays as it is"
    again.advance(story.now + 3700.0)
    assert list(again.found()) == [], "and after an hour nothing is known"
    puts, deletes = again.take_changes()
    assert not puts
    assert all(key.startswith("broken/") for key in deletes)


def test_state_that_is_damaged_or_of_other_cells_is_left(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(3)
    puts, _ = story.sidecar.broken.take_changes()
    again = Broken(layout, 0.1)
    problems = again.restore({key: b"\xc1" for key in puts})
    assert len(problems) == len(puts)
    other = Broken(Layout(layout.dense[:3], ()), 0.1)
    assert other.restore(puts) == []
    assert list(other.found()) == []
    assert other.take_changes()[1] == set(puts)


def test_state_is_bounded(layout: Layout) -> None:
    story = Story(layout)
    story.minutes(200)
    (kept,) = story.sidecar.broken.versions.values()
    assert len(kept.counts) <= max(verdict.LOOKS)
    assert len(kept.rows) <= 2 * 60 + max(verdict.LOOKS)


def test_the_bound_of_chance_is_above_the_binomial_law() -> None:
    """Chernoff's bound against SciPy's exact tail."""
    for n in (8, 20, 100):
        for q in (1e-4, 0.01, 0.3):
            hits = np.arange(1, n + 1)
            bound = np.exp(-n * verdict.divergence(hits / n, np.full(n, q)))
            exact = binom.sf(hits - 1, n, q)
            assert (bound >= exact * (1 - 1e-9)).all()


def test_cells_hold_every_row_once(layout: Layout) -> None:
    """Against a count by hand, with values in, below and above the range, missing and invalid."""
    cells = Broken(layout, 0.1)
    names = cells.names
    rows = People(9).rows(6)
    rows["income"] = np.array([np.nan, np.inf, -5.0, 1e9, 20_000.0, 30_000.0])
    rows["country"] = np.array([-1.0, 99.0, 0.0, 0.0, 1.0, 2.0])
    batch = traffic.batch_of(rows)
    from inference_exporter.accumulators import Groups

    table = cells.counted(batch, Groups(np.zeros(6, dtype=np.int64), 1))[0]
    assert (table.sum(axis=1) == 6).all()
    income, country = table[names.index("income")], table[names.index("country")]
    assert [income[at] for at in (STRANGE, ABOVE, MISSING, INVALID)] == [1, 1, 1, 1]
    assert [country[at] for at in (STRANGE, MISSING, INVALID)] == [1, 1, 0]
    assert sorted(country[country > 0]) == [1, 1, 1, 1, 2]


def test_reference_rows_are_in_the_cells_of_their_values(layout: Layout) -> None:
    cells = Broken(layout, 0.1)._own
    assert isinstance(cells, Cells)
    assert (cells.rows == 20_000).all()
    assert (cells.known[:, STRANGE] == 0).all()
    tenure = cells.known[cells.names.index("tenure")]
    assert tenure[MISSING] == pytest.approx(1000, abs=150)


def test_seen_counts_within_and_between_batches() -> None:
    seen, random = Seen(), np.random.default_rng(0)
    counts: dict[int, int] = {}
    for _ in range(20):
        keys = random.integers(1, 60, 50).astype(np.uint64)
        expected = []
        for key in keys.tolist():
            counts[key] = counts.get(key, 0) + 1
            expected.append(counts[key])
        assert seen.times(keys).tolist() == expected


def test_seen_forgets_but_never_invents() -> None:
    seen, random = Seen(bits=4), np.random.default_rng(1)
    counts: dict[int, int] = {}
    for _ in range(50):
        for key, times in zip(
            keys := random.integers(1, 200, 30).astype(np.uint64),
            seen.times(keys).tolist(),
            strict=True,
        ):
            counts[int(key)] = counts.get(int(key), 0) + 1
            assert 1 <= times <= counts[int(key)]


def test_equal_rows_have_equal_keys_and_others_do_not() -> None:
    random = np.random.default_rng(2)
    numbers = random.normal(size=2_000)
    words = [f"w{at % 50}" for at in range(2_000)]
    numbers[1_000:] = numbers[:1_000]
    words[1_000:] = words[:1_000]
    words[1_999] = "other"
    features: dict[str, FeatureColumn] = {
        "a": NumericColumn(numbers),
        "b": CategoryColumn(words),
    }
    keys = fingerprints(features, 2_000)
    assert (keys[:999] == keys[1_000:1_999]).all()
    assert keys[999] != keys[1_999]
    assert len(np.unique(keys)) == 1_001
    swapped = fingerprints({"a": features["b"], "b": features["a"]}, 2_000)
    assert len(np.unique(swapped)) == 1_001
    assert (mixed(keys, 1) != mixed(keys, 2)).all()


def test_inputs_of_some_rows() -> None:
    batch = Batch(
        3,
        features={
            "a": NumericColumn(np.array([1.0, np.nan, 3.0]), np.array([False, True, False])),
            "b": CategoryColumn(("x", None, "z")),
        },
        inputs=np.array([True, True, False]),
    )
    some = inputs_of(batch, np.array([1, 2]))
    assert some.rows == 2
    assert isinstance(some.features["a"], NumericColumn)
    assert some.features["a"].invalid is not None
    assert some.features["a"].invalid.tolist() == [True, False]
    assert list(some.features["b"].values) == [None, "z"]
    assert some.inputs is not None
    assert some.inputs.tolist() == [True, False]


def _hour(
    random: np.random.Generator, hour: int, *equal: tuple[int, int], burst: int = 0
) -> tuple[Keys, Floats]:
    """Keys and times of an hour: 500 different rows, some (key, how often), and a burst of 7."""
    keys = random.integers(1_000, 2**63, 500, dtype=np.uint64)
    more = [np.full(times, key, dtype=np.uint64) for key, times in equal]
    keys = np.concatenate([keys, *more])
    times = random.integers(STRETCHES, size=len(keys))
    keys = np.append(keys, np.full(burst, 7, dtype=np.uint64))
    times = np.append(times, np.full(burst, 4)) + STRETCHES * hour
    return keys, STRETCH * times.astype(np.float64)


def _aside(crowds: Crowds, keys: Keys, times: Floats) -> Bools:
    crowds.count(times)
    return crowds.aside(keys, times)


def test_a_lone_burst_is_set_aside_and_what_is_usual_is_not() -> None:
    crowds, random = Crowds(), np.random.default_rng(6)
    for hour in range(30):
        burst = 200 if hour in (5, 29) else 0
        keys, times = _hour(random, hour, (3, 300), burst=burst)  # 300 new customers are alike
        aside = _aside(crowds, keys, times)
        assert (aside.sum() > 100) == bool(burst)
        assert (keys[aside] == 7).all()


def test_where_half_of_the_rows_are_equal_it_is_the_traffic() -> None:
    crowds, random = Crowds(), np.random.default_rng(7)
    for hour in range(3):
        _aside(crowds, *_hour(random, hour))
    keys, times = _hour(random, 3, (9, 5_000))
    assert 0 < _aside(crowds, keys, times).sum() <= len(keys) / 2


def test_a_breakage_that_makes_rows_equal_is_no_burst() -> None:
    crowds, random = Crowds(), np.random.default_rng(9)
    _aside(crowds, *_hour(random, 0))
    assert not _aside(crowds, *_hour(random, 1, (9, 50))).any()


def test_before_an_hour_is_known_nothing_is_set_aside() -> None:
    assert not _aside(Crowds(), *_hour(np.random.default_rng(8), 0, (9, 300))).any()
