"""Decisions that know the hour: nothing drifts by day and night, and what drifts is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import assembly
from inference_exporter import config as configuration
from inference_exporter.accumulators import expected_bins
from inference_exporter.backtest.own_rate import own_rate
from inference_exporter.clock import ManualClock
from inference_exporter.decisions import Judgement
from inference_exporter.decisions.between import homogeneity
from inference_exporter.decisions.hours import Expected, fitted
from inference_exporter.model import DecisionsPart, Model
from inference_exporter.reference import build, save
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.batch import Floats

MONDAY = 1_789_948_800.0  # 2026-09-21T00:00:00Z
HOUR = 3600.0
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {{timestamp: ts, features: features}}
    reference: reference.json
    windows: [1h, 24h]
    season: {season}
"""
Rng = np.random.Generator


def rows(rng: Rng, begin: float, size: int, shift: float = 0.0) -> Iterator[dict[str, object]]:
    """An hour of rows: a mean of a by day and night, more of one channel at night, b steady."""
    hour = begin // HOUR % 24
    mean = 0.8 * np.sin(2 * np.pi * hour / 24) + shift
    night = 0.7 if hour < 8 else 0.4
    for moment in np.sort(begin + rng.random(size) * HOUR).tolist():
        channel = "app" if rng.random() < night else "web"
        features = {"a": rng.normal(mean), "b": rng.normal(), "channel": channel}
        yield {"ts": moment, "features": features}


def write(folder: Path, season: str | None, *, days: int = 14, hours: range = range(24)) -> Path:
    (folder / "config.yaml").write_text(CONFIG.format(season=season or "null"), encoding="utf-8")
    rng = np.random.default_rng(1)
    with (folder / "data.jsonl").open("w", encoding="utf-8") as file:
        for hour in range(24 * days):
            if hour % 24 in hours:
                for row in rows(rng, MONDAY - 14 * 24 * HOUR + hour * HOUR, 50):
                    file.write(json.dumps(row) + "\n")
    model = configuration.load(str(folder / "config.yaml")).models[0]
    save(build([str(folder / "data.jsonl")], model, now=0.0), str(folder / "reference.json"))
    return folder


def make(folder: Path) -> Model:
    config, references = assembly.load_all(str(folder / "config.yaml"))
    return assembly.make_model(config.models[0], references["m"])


@dataclass
class Played:
    """What was decided while days of traffic went by."""

    model: Model
    judgements: list[Judgement]

    def drifted(self, window: str) -> set[str]:
        found = set()
        for one in self.judgements:
            if one.window == window:
                names = (name for _, name in one.subjects)
                found |= {name for name, it in zip(names, one.drifted, strict=True) if it}
        return found


def play(
    folder: Path,
    hours: int,
    *,
    shift: float = 0.0,
    after: int = 0,
    size: int = 500,
    model: Model | None = None,
) -> Played:
    model = model or make(folder)
    told: list[Judgement] = []
    part = model.part(DecisionsPart)
    assert part is not None
    part.watch(told.append)
    rng, clock = np.random.default_rng(7 + after), ManualClock(MONDAY)
    clock.advance(after * HOUR)
    for _ in range(hours):
        begin = clock.now()
        lines = "".join(json.dumps(row) + "\n" for row in rows(rng, begin, size, shift))
        clock.advance(HOUR)
        model.take(lines.encode(), clock.now())
        list(model.samples(clock.now() + 600, EvaluationFacts()))
    return Played(model, told)


def page(model: Model, now: float) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for one in model.samples(now, EvaluationFacts()):
        for labels, value in zip(one.series.label_sets, one.values, strict=True):
            found[one.series.family.name, *labels] = value
    return found


@pytest.fixture(scope="module", params=["hour_of_day", "hour_of_week"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("season"), str(request.param))


def test_a_day_of_day_and_night_is_no_drift(folder: Path) -> None:
    played = play(folder, 26)
    assert played.drifted("1h") == set()
    assert played.drifted("24h") == set()
    hourly = [one for one in played.judgements if one.window == "1h"]
    assert np.mean([one.enough for one in hourly[2:]]) > 0.95, "it is decided, not avoided"


def test_traffic_that_follows_the_hour_does_not_alarm_against_itself(folder: Path) -> None:
    """What a backtest says, with hours that the reference knows from few rows."""
    hourly = [one for one in play(folder, 26).judgements if one.window == "1h"]
    rate = own_rate(hourly, HOUR)
    assert rate is not None
    assert rate.alarms == 0


def test_without_the_season_it_is(tmp_path: Path) -> None:
    assert "a" in play(write(tmp_path, None), 26).drifted("1h")


def test_a_shift_is_found_in_its_first_hour_and_only_where_it_is(folder: Path) -> None:
    played = play(folder, 26)
    begun = len(played.judgements)
    later = play(folder, 1, shift=0.6, after=26, model=played.model)
    found = [one for one in later.judgements if one.window == "1h"][-1]
    names = [name for _, name in found.subjects]
    assert {n for n, it in zip(names, found.drifted, strict=True) if it} == {"a"}
    assert begun


def test_counters_are_what_the_distance_is_made_of(folder: Path) -> None:
    """As a recording rule would: sums of counters over versions, smoothed shares, PSI."""
    played = play(folder, 3)
    now = MONDAY + 3 * HOUR
    values = page(played.model, now)
    base = ("m", "")
    reference = next(key[3] for key in values if key[0] == "inference_feature_bin_total")
    for name in ("a", "b", "channel"):
        live, wanted = (
            np.array([v for key, v in values.items() if key[0] == family and key[4] == name])
            for family in ("inference_feature_bin_total", "inference_feature_expected_bin_total")
        )
        assert wanted.sum() == pytest.approx(live.sum())
        window = page(played.model, now)["inference_feature_drift", *base, name, "psi", "24h"]
        p = (live + 0.5) / (live.sum() + 0.5 * len(live))
        q = wanted / wanted.sum()
        assert window == pytest.approx(float(((p - q) * np.log(p / q)).sum()), rel=1e-9)
    by_hour = [v for key, v in values.items() if key[0] == "inference_season_rows_total"]
    assert sum(by_hour) == 1500
    assert reference


def test_it_goes_on_where_it_was_after_a_restart(folder: Path) -> None:
    whole = play(folder, 5)
    half = play(folder, 2)
    lines = "".join(
        json.dumps(row) + "\n" for row in rows(np.random.default_rng(9), MONDAY + 2 * HOUR, 300)
    )
    half.model.take(lines.encode(), MONDAY + 2.5 * HOUR)
    puts, _ = half.model.take_changes()
    other = make(folder)
    assert other.restore(puts, MONDAY + 2.5 * HOUR) == []
    for model in (half.model, other):
        model.take(b"", MONDAY + 3 * HOUR)
    now = MONDAY + 3 * HOUR + 600
    first, second = page(half.model, now), page(other, now)
    names = {"inference_feature_expected_bin_total", "inference_season_rows_total"}
    names |= {"inference_feature_drift_state", "inference_feature_drift"}
    for key, value in first.items():
        if key[0] in names:
            assert second[key] == pytest.approx(value, rel=1e-6), key
    assert whole.judgements


def test_hours_that_the_reference_does_not_have_are_undecided(tmp_path: Path) -> None:
    folder = write(tmp_path, "hour_of_day", hours=range(8, 24))
    played = play(folder, 10)
    why = {
        hour: {one.why_not(row) for row in range(3)}
        for hour, one in enumerate(j for j in played.judgements if j.window == "1h")
    }
    assert all(
        why[hour] == {"the reference has hardly any rows of these hours"} for hour in range(8)
    )
    assert played.drifted("1h") == set()
    values = page(played.model, MONDAY + 4 * HOUR)
    assert values["inference_reference_season_cells", "m", "hour_of_day"] == 16
    assert values["inference_reference_covers", "m", "hour"] == 0
    assert values["inference_reference_covers", "m", "weekday"] == 1


def test_an_old_reference_is_used_as_a_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write(tmp_path, None)
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    (folder / "config.yaml").write_text(text.replace("season: null", "season: hour_of_day"))
    model = make(folder)
    assert expected_bins(model.counting.layout.dense) is None
    assert "the reference does not know these hours in UTC" in caplog.text
    values = page(model, MONDAY)
    assert values["inference_reference_season_cells", "m", "hour_of_day"] == 0
    assert not [key for key in values if key[0] == "inference_feature_expected_bin_total"]


# -- the arithmetic --------------------------------------------------------------------------------


def _table(rng: Rng, shares: Floats, rows_of: Floats) -> Floats:
    """Rows (T, K, B) of shares (T, K, B)."""
    return np.array(
        [[rng.multinomial(n, p) for n, p in zip(rows_of, one, strict=True)] for one in shares],
        dtype=np.float64,
    )


def test_with_equal_hours_it_is_the_share_of_all_rows() -> None:
    rng = np.random.default_rng(1)
    counts = rng.poisson(20, (3, 12, 5)).astype(np.float64)
    same = np.broadcast_to(rng.random((3, 1, 5)), counts.shape) * counts.sum(axis=2, keepdims=True)
    whole = counts.sum(axis=1, keepdims=True)
    plain = counts.sum(axis=2, keepdims=True) * whole / whole.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(fitted(counts, same), plain, rtol=1e-9)


def test_without_drift_chi_squared_is_its_degrees_of_freedom() -> None:
    rng = np.random.default_rng(2)
    shares = rng.dirichlet(np.full(6, 5.0), (2000, 12))
    sizes = np.full(12, 80)
    counts = _table(rng, shares, sizes)
    level = rng.dirichlet(np.full(6, 20.0), 2000)[:, None, :] * 6  # live differs from the reference
    wanted = fitted(counts, shares * 80)
    chi2 = ((counts - wanted) ** 2 / np.maximum(wanted, 1e-12)).sum(axis=(1, 2))
    assert chi2.mean() == pytest.approx(11 * 5, rel=0.02)
    drifted = shares * level
    drifted /= drifted.sum(axis=2, keepdims=True)
    counts = _table(rng, drifted, sizes)
    wanted = fitted(counts, shares * 80)
    chi2 = ((counts - wanted) ** 2 / np.maximum(wanted, 1e-12)).sum(axis=(1, 2))
    assert chi2.mean() == pytest.approx(11 * 5, rel=0.02), "a difference of level is no difference"


def test_windows_of_other_hours_do_not_differ() -> None:
    rng = np.random.default_rng(3)
    shares = rng.dirichlet(np.full(8, 3.0), (3000, 2))
    counts = _table(rng, shares, np.array([400, 700]))
    expected = shares * counts.sum(axis=2, keepdims=True)
    frames = [np.stack((counts[:, k], expected[:, k])) for k in range(2)]
    nothing = np.zeros(())
    chi2, degrees = homogeneity(frames[0], frames[1], nothing)
    assert (chi2 / degrees).mean() == pytest.approx(1.0, abs=0.03)
    plain, _ = homogeneity(counts[None, :, 0], counts[None, :, 1], nothing)
    assert (plain / degrees).mean() > 10


def test_the_reference_as_if_made_at_these_hours() -> None:
    blocks = np.array([[[1.0, 3.0], [2.0, 2.0]]])
    hours = np.array([[4.0, 0.0], [0.0, 4.0]])
    expected = Expected(blocks, np.array([80.0]), hours, np.ones((1, 2)))
    np.testing.assert_allclose(expected.known(), [[30.0, 50.0]])


def test_hours_known_from_few_rows_do_not_pass_for_dependence() -> None:
    """χ² of stretches and of windows, where the reference's hours have no more rows than they."""
    rng = np.random.default_rng(4)
    shares = rng.dirichlet(np.full(6, 8.0), (1500, 12))
    counts = _table(rng, shares, np.full(12, 100))
    known = _table(rng, shares, np.full(12, 100)) + 10 / 6  # as hours are drawn to the whole
    noise, hours = np.full((1500, 12), 1 / 110), np.eye(12) * 100
    expected = Expected(known, np.full(1500, 1200.0), hours, noise)
    wanted = fitted(counts, known)
    spread = np.maximum(wanted, 1e-12) * (1 + 100 * expected.stretches(1))[:, :, None]
    chi2 = ((counts - wanted) ** 2 / spread).sum(axis=(1, 2))
    assert chi2.mean() == pytest.approx(11 * 5, rel=0.08)
    frames = [np.stack((counts[:, k], known[:, k])) for k in range(2)]
    first = replace(expected, hours=np.eye(12)[:1] * 100)
    apart = first.apart(np.eye(12)[1])
    found, degrees = homogeneity(frames[0], frames[1], apart)
    assert (found / degrees).mean() == pytest.approx(1.0, abs=0.1)


# -- a reference from the first predictions --------------------------------------------------------


def _warmed(model: Model, hours: range) -> None:
    rng = np.random.default_rng(11)
    for hour in hours:
        lines = "".join(json.dumps(row) + "\n" for row in rows(rng, MONDAY + hour * HOUR, 100))
        model.take(lines.encode(), MONDAY + (hour + 1) * HOUR)


def test_a_warm_up_reference_knows_the_hours_of_its_rows(tmp_path: Path) -> None:
    text = CONFIG.format(season="hour_of_day").replace("reference.json", "{warmup: 2400}")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    first = make(tmp_path)
    _warmed(first, range(10))
    puts, _ = first.take_changes()
    second = make(tmp_path)
    assert second.restore(puts, MONDAY + 10 * HOUR) == []
    _warmed(second, range(10, 24))
    reference = second.counting.reference
    assert reference is not None
    seasons = reference.seasons
    assert seasons is not None
    np.testing.assert_array_equal(seasons.rows, np.full(24, 100.0))
    values = page(second, MONDAY + 24 * HOUR)
    assert values["inference_reference_season_cells", "m", "hour_of_day"] == 24
    puts, _ = second.take_changes()
    third = make(tmp_path)
    assert third.restore(puts, MONDAY + 24 * HOUR) == []
    again = third.counting.reference
    assert again is not None
    assert again.seasons is not None
    assert again.seasons.digest == seasons.digest
