"""What a notebook says of a frame is what the exporter says of the same rows in a log, exactly."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter_process import Series, parse
from html_page import faults
from inference_exporter import reference as profiles
from inference_exporter.backtest import as_csv, replay
from inference_exporter.cli import main
from inference_exporter.errors import InferenceExporterError, ProfileError, UsageError
from inference_exporter.notebook import Comparison, Reference, compare

MIDNIGHT = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86400.0
CONFIG = """\
models:
  credit:
    logs: [log.jsonl]
    start_at: beginning
    reference: credit.json
    windows: [WINDOWS]
    statistics: [psi, js, ks, wasserstein, chi2, kl, hellinger, tvd, linf, mean_shift, std_ratio]
    fields:
      timestamp: ts
      version: v
      features: {from: input, categorical: [zip]}
      prediction: out.class
      score: out.p
"""
OF_SUMS = {"wasserstein", "mean_shift", "std_ratio"}
Frame = dict[str, Any]


def frame(seed: int, rows: int, shift: float = 0.0) -> Frame:
    """Inputs and outputs as a DataFrame would hold them; `age` moves, `income` may be missing."""
    draw = np.random.default_rng(seed)
    income = draw.lognormal(10, 0.5, rows)
    income[draw.random(rows) < 0.03 + (0.2 if shift else 0.0)] = np.nan
    return {
        "age": np.round(draw.normal(40 + 10 * shift, 10, rows), 1),
        "income": income,
        "zip": draw.choice([10115, 20095, 80331], rows),
        "plan": draw.choice(["free", "pro"], rows, p=[0.8 - shift / 4, 0.2 + shift / 4]),
        "class": draw.integers(0, 2, rows),
        "p": draw.random(rows),
    }


def line(row: dict[str, Any], at: float, version: str) -> str:
    """A row as the service of `CONFIG` logs it."""
    inputs = {name: row[name] for name in ("age", "income", "zip", "plan")}
    inputs["income"] = None if np.isnan(inputs["income"]) else inputs["income"]
    when = datetime.fromtimestamp(at, UTC).isoformat()
    out = {"class": row["class"], "p": row["p"]}
    return json.dumps({"ts": when, "v": version, "input": inputs, "out": out}) + "\n"


def write_log(folder: Path, table: Frame, times: np.ndarray[Any, Any], version: str) -> None:
    names = list(table)
    rows = [dict(zip(names, row, strict=True)) for row in
            zip(*(cells.tolist() for cells in table.values()), strict=True)]  # fmt: skip
    with (folder / "log.jsonl").open("a") as log:
        for row, at in zip(rows, times.tolist(), strict=True):
            log.write(line(row, at, version))


def configured(folder: Path, windows: str = "1h, 24h") -> str:
    path = folder / "config.yaml"
    path.write_text(CONFIG.replace("WINDOWS", windows))
    return str(path)


@pytest.fixture
def built(tmp_path: Path) -> Reference:
    config = configured(tmp_path)
    reference = Reference.build(frame(1, 4000), config=config)
    reference.save(str(tmp_path / "credit.json"))
    return reference


def page(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> Series:
    assert main(["once", f"--config.file={folder / 'config.yaml'}"]) == 0
    return parse(capfdbinary.readouterr().out.decode())


def by_statistic(series: Series, family: str, name: str, window: str) -> dict[str, float]:
    """Of version 7."""
    found = {}
    for (family_of, labels), value in series.items():
        known = dict(labels)
        mine = known.get("version") == "7" and known.get("window") == window
        if family_of == family and mine and name in (known.get("feature"), known.get("output")):
            found[known.get("statistic", "")] = value
    return found


def same(ours: Mapping[str, float], theirs: Mapping[str, float]) -> None:
    """To the last bit; sums of values to the order in which they were added."""
    assert len(ours) > 0
    assert ours.keys() == theirs.keys()
    assert exact(ours) == exact(theirs)
    assert ours == pytest.approx(theirs, rel=1e-12)


def exact(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name not in OF_SUMS}


@pytest.mark.parametrize("shift", [0.0, 0.15, 1.0])
def test_numbers_and_verdicts_are_those_of_the_page(
    tmp_path: Path, built: Reference, capfdbinary: pytest.CaptureFixture[bytes], shift: float
) -> None:
    table = frame(2, 1500, shift)
    times = np.sort(np.random.default_rng(3).uniform(2.5 * HOUR, 23 * HOUR, 1500)) + MIDNIGHT
    write_log(tmp_path, table, times, "7")
    # a row that is later by all the time that rows may be late: the day before is decided on
    write_log(tmp_path, frame(4, 1), np.array([MIDNIGHT + DAY + HOUR + 1]), "closing")
    series = page(tmp_path, capfdbinary)

    shuffled = np.random.default_rng(5).permutation(1500)
    given = {name: cells[shuffled] for name, cells in {**table, "ts": times}.items()}
    found = compare(built, {**given, "v": ["7"] * 1500}, window="24h")
    assert [one.name for one in found.last if one.scope == "feature"] != []
    for one in found.last:
        family = f"inference_{one.scope}_drift"
        same(one.distances, by_statistic(series, family, one.name, "24h"))
        same(one.noise, by_statistic(series, f"{family}_critical", one.name, "24h"))
        same(one.p_values, by_statistic(series, f"{family}_p_value", one.name, "24h"))
        state = by_statistic(series, f"{family}_state", one.name, "24h")
        assert state.get("") == {"drifted": 1.0, "ok": 0.0}.get(one.verdict)
        design = by_statistic(series, f"{family}_design_effect", one.name, "24h")
        assert design[""] == one.design_effect
        masses = by_statistic(series, "inference_feature_point_mass_ratio", one.name, "24h")
        assert sum(masses.values()) == one.point_mass_ratio
    assert ("age" in found.drifted) == (shift > 0.5)
    masses_found = {one.name: one.point_mass for one in found.last if one.point_mass}
    assert masses_found == ({"income": "missing"} if shift else {})
    assert {one.distances.keys() == one.noise.keys() for one in found.last} == {True, False}


@pytest.mark.slow
def test_every_window_is_decided_on_as_a_backtest_decides(tmp_path: Path) -> None:
    config = configured(tmp_path, "1h")
    reference = Reference.build(frame(1, 4000), config=config)
    reference.save(str(tmp_path / "credit.json"))
    calm, moved = frame(2, 12_000), frame(3, 4_000, 1.0)
    table = {name: np.concatenate([calm[name], moved[name]]) for name in calm}
    times = np.sort(np.random.default_rng(3).uniform(0, 64 * HOUR, 16_000)) + MIDNIGHT
    write_log(tmp_path, table, times, "7")
    rows = [row for row in csv.DictReader(io.StringIO(as_csv(replay(config)))) if row["state"]]

    found = compare(reference, {**table, "ts": times, "v": ["7"] * 16_000})
    ours = [
        (f"{one.end:%Y-%m-%d %H:%MZ}", one.scope, one.name, one.verdict, f"{one.rows}",
         f"{one.psi:.6g}", f"{one.p_value:.3g}")
        for one in found.findings
    ]  # fmt: skip
    theirs = [(row["end"], row["kind"], row["name"], row["state"], row["rows"], row["psi"],
               row["p_value"]) for row in rows]  # fmt: skip
    assert ours[: len(theirs)] == theirs
    assert len(theirs) > 60 * 6
    # a backtest waits for rows that are late; here the last window is decided on as well
    assert {one.end for one in found.findings} > {one.end for one in found.findings[: len(theirs)]}
    assert {row["state"] for row in rows} > {"ok", "drifted"}


def test_a_reference_of_a_frame_is_that_of_the_command(tmp_path: Path, built: Reference) -> None:
    table = frame(1, 4000)
    names = list(table)
    with (tmp_path / "good.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in zip(*(cells.tolist() for cells in table.values()), strict=True):
            writer.writerow(["" if cell != cell else cell for cell in row])
    code = main(
        ["reference", "build", str(tmp_path / "good.csv"), f"--output={tmp_path / 'other.json'}",
         f"--config.file={tmp_path / 'config.yaml'}"]
    )  # fmt: skip
    assert code == 0
    other = profiles.load(str(tmp_path / "other.json"))
    assert other.fingerprint == built.profile.fingerprint
    assert Reference.load(str(tmp_path / "credit.json")).profile.fingerprint == other.fingerprint


def named() -> dict[str, Any]:
    return {"prediction": "class", "score": "p"}


def test_a_frame_without_times_is_one_window() -> None:
    settings = {"fields": {"features": {"from": "rest", "categorical": ["zip"]}}}
    reference = Reference.build(frame(1, 4000), settings=settings, **named())
    calm = compare(reference, frame(2, 2000))
    assert calm.drifted == []
    assert {(one.window, one.end, one.rows) for one in calm.last if one.name != "income"} == {
        ("24h", None, 2000)
    }
    moved = compare(reference, frame(3, 2000, 1.0), window="1h")
    assert moved.drifted[0] == "age"
    assert {one.window for one in moved.findings} == {"1h"}


def test_too_few_rows_are_undecided_and_say_why() -> None:
    found = compare(Reference.build(frame(1, 1000)), frame(2, 150))
    assert {one.verdict for one in found.last} == {"undecided"}
    assert "150 rows, 200 are needed" in repr(found)
    assert found.drifted == []


def test_settings_are_those_of_a_configuration() -> None:
    settings = {"thresholds": {"feature_psi": 5.0}, "statistics": ["psi"], "windows": ["6h"]}
    reference = Reference.build(frame(1, 4000), settings=settings, **named())
    found = compare(reference, frame(3, 2000, 1.0))
    assert {one.limit for one in found.last if one.scope == "feature"} == {5.0}
    assert {tuple(one.distances) for one in found.last} == {("psi",)}
    assert {one.window for one in found.last} == {"6h"}


def test_frames_of_every_kind_are_the_same() -> None:
    pandas = pytest.importorskip("pandas")
    table = frame(1, 1000)
    same = Reference.build(table).profile.fingerprint
    assert Reference.build(pandas.DataFrame(table)).profile.fingerprint == same
    categories = pandas.DataFrame(table).astype({"plan": "category", "zip": "Int64"})
    assert Reference.build(categories).profile.fingerprint == same
    listed = {name: cells.tolist() for name, cells in table.items()}
    assert Reference.build(listed).profile.fingerprint == same
    for module, make in (("polars", "DataFrame"), ("pyarrow", "table")):
        try:
            library = __import__(module)
        except ImportError:
            continue
        assert Reference.build(getattr(library, make)(table)).profile.fingerprint == same


def test_values_that_are_no_numbers_are_missing_invalid_or_texts() -> None:
    pandas = pytest.importorskip("pandas")
    cells: list[Any] = [1.5, np.nan, None, pandas.NA, pandas.NaT, Decimal("2.5"), np.float32(3)]
    table = {
        "number": cells * 10,
        "wide": [float("inf"), 2**70, 1, 2, 3, 4, -5] * 10,
        "day": [date(2026, 9, 1), datetime(2026, 9, 1, 12, tzinfo=UTC), "x", *[None] * 4] * 10,
        "yes": [np.True_, False, True, True, None, True, np.False_] * 10,
    }
    profile = Reference.build(table).profile
    number, wide = profile.features["number"], profile.features["wide"]
    assert (number.samples, number.missing, number.invalid) == (30, 40, 0)
    assert (wide.samples, wide.invalid) == (60, 10)
    assert (profile.features["day"].samples, profile.features["yes"].missing) == (30, 10)


def test_times_are_texts_numbers_or_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    reference = Reference.build(frame(1, 4000), timestamp=None, **named())
    seconds = MIDNIGHT + np.linspace(0, DAY - 1, 2000)
    moments = pandas.to_datetime(seconds, unit="s")
    table = frame(2, 2000)
    kinds = [
        seconds,
        moments,
        moments.tz_localize("UTC").tz_convert("Asia/Tokyo"),
        [f"{one:%Y-%m-%dT%H:%M:%S.%fZ}" for one in moments],
    ]
    found = [compare(reference, {**table, "when": one}, timestamp="when") for one in kinds]
    assert {max(one.end for one in each.last if one.end) for each in found} == {
        datetime(2026, 9, 2, tzinfo=UTC)
    }
    assert len({repr(each) for each in found}) == 1


def test_rows_without_a_time_and_other_columns_are_told() -> None:
    reference = Reference.build(frame(1, 4000), **named())
    table = frame(2, 2000)
    del table["plan"]
    times = [None, *(MIDNIGHT + np.linspace(0, DAY - 1, 1999)).tolist()]
    found = compare(reference, {**table, "new": table["age"], "at": times}, timestamp="at")
    text = repr(found)
    assert (found.untimed, found.absent, found.unknown) == (1, ("plan",), ("new",))
    assert "1 rows without a time were left out" in text
    assert "the frame has no plan" in text
    assert "the reference has no new" in text


def test_versions_are_judged_apart() -> None:
    reference = Reference.build(frame(1, 4000), **named())
    calm, moved = frame(2, 1500), frame(3, 1500, 1.0)
    table = {name: np.concatenate([calm[name], moved[name]]) for name in calm}
    mixed = np.random.default_rng(4).permutation(3000)
    table = {name: cells[mixed] for name, cells in table.items()}
    versions = np.array(["old"] * 1500 + ["new"] * 1500)[mixed]
    found = compare(reference, {**table, "v": versions}, version="v")
    ages = {one.version: one.verdict for one in found.last if one.name == "age"}
    assert ages == {"old": "ok", "new": "drifted"}
    assert "age [new]" in repr(found)


PAGE = """<!doctype html><html lang="en"><head><title>x</title></head><body>
<main><h1>x</h1>{}</main></body></html>"""


@pytest.fixture(scope="module")
def hostile() -> Comparison:
    name = "<script>alert('x')</script>"
    calm, moved = frame(1, 2000), frame(3, 1000, 1.0)
    reference = Reference.build({**calm, name: calm["age"]}, **named())
    return compare(reference, {**moved, name: moved["age"], "new&": moved["age"]})


def test_html_is_whole_and_shows_no_name_as_markup(hostile: Comparison) -> None:
    html = hostile._repr_html_()
    assert faults(PAGE.format(html)) == []
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "new&amp;" in html
    assert 'class="v drifted">drifted' in html
    assert "http" not in html  # nothing is loaded from anywhere


def test_rows_and_frames_have_every_number(hostile: Comparison) -> None:
    rows = hostile.to_rows()
    assert [row["name"] for row in rows] == [one.name for one in hostile.findings]
    assert rows[0].keys() >= {"psi", "psi_noise", "js", "js_noise", "verdict", "p_value", "limit"}
    pandas = pytest.importorskip("pandas")
    told = hostile.to_frame()
    assert isinstance(told, pandas.DataFrame)
    assert told["psi"].tolist() == [one.distances["psi"] for one in hostile.findings]


def test_a_saved_reference_needs_no_names_of_outputs(tmp_path: Path) -> None:
    table = frame(1, 2000)
    table["prediction"], table["score"] = table.pop("class"), table.pop("p")
    Reference.build(table, prediction="prediction", score="score").save(str(tmp_path / "r.json"))
    loaded = Reference.load(str(tmp_path / "r.json"))
    assert "2,000 rows from a frame of 2,000 rows" in repr(loaded)
    found = compare(loaded, table)
    assert {one.name for one in found.last if one.scope == "output"} == {"prediction", "score"}
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"frame": [1, 2]}, "expected a DataFrame"),
        ({"frame": {}}, "no rows"),
        ({"frame": {"a": []}}, "no rows"),
        ({"frame": {"a": [1], "b": [1, 2]}}, "different lengths"),
        ({"frame": {"a": [1]}, "prediction": "b"}, "prediction='b': the frame has a"),
        ({"frame": {"a": [1]}, "settings": {"window": ["1h"]}}, "window"),
        ({"frame": {"a": [1]}, "config": "absent.yaml"}, "absent.yaml"),
    ],
)
def test_what_cannot_be_is_said(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InferenceExporterError, match=words):
        Reference.build(**given)


def test_what_cannot_be_compared_is_said(tmp_path: Path) -> None:
    reference = Reference.build(frame(1, 1000))
    for given, words in (
        ({"timestamp": "at"}, "timestamp='at'"),
        ({"version": "v"}, "version='v'"),
        ({"window": "2h"}, "window='2h': the model has 1h, 24h"),
        ({"timestamp": "plan"}, "is no point in time"),
    ):
        with pytest.raises(UsageError, match=words):
            compare(reference, frame(2, 10), **given)
    with pytest.raises(TypeError, match="unknown: predicton"):
        Reference.build(frame(1, 10), predicton="class")
    with pytest.raises(UsageError, match="everything is said there"):
        Reference.build(frame(1, 10), config=configured(tmp_path), prediction="class")
    with pytest.raises(ProfileError):
        Reference.load(str(tmp_path / "none.json"))
