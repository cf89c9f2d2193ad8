"""Merged shards are the reference of the whole: exactly with the same edges, else nearly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import reference as references
from inference_exporter.cli import main
from inference_exporter.config.schema import FeaturesField
from inference_exporter.errors import ProfileError
from inference_exporter.reference import Shard, build, build_shard, dump_shard, load_part, merge
from inference_exporter.reference.profiling.sketch import CAPACITY
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import NumericProfile, Reference
from reference_files import FIELDS, MODEL, Rows, categorical, numeric, write_lines

PREDICTIONS = ("yes", "no", "maybe")


def _rows(seed: int, size: int, shift: float = 0.0) -> Rows:
    rng = np.random.default_rng(seed)
    amount = np.round(rng.lognormal(shift, 1.0, size), 3)
    names = rng.zipf(1.5, size) % 60
    return [
        {
            "features": {
                "amount": None if rng.random() < 0.05 else float(amount[i]),
                "level": int(rng.integers(0, 4)),
                "shop": f"s{names[i]}",
                "odd": "n/a" if rng.random() < 0.02 else float(i),
            },
            "outputs": {"prediction": PREDICTIONS[i % 3]},
            "score": float(rng.random()),
            "actual": PREDICTIONS[int(rng.integers(0, 3))],
        }
        for i in range(size)
    ]  # fmt: skip


def _files(folder: Path, *parts: Rows) -> list[str]:
    return [write_lines(folder / f"part{i}.jsonl", rows) for i, rows in enumerate(parts)]


def _stored(folder: Path, shards: Sequence[Shard]) -> list[Shard]:
    """The shards after a trip through files."""
    loaded = []
    for i, shard in enumerate(shards):
        path = folder / f"{i}.shard"
        path.write_bytes(dump_shard(shard))
        loaded.append(load_part(str(path)))
    return loaded


def _assert_same(one: Reference, other: Reference) -> None:
    """Equal but for the rounding of means, the source and the fingerprint that has the mean."""
    assert one.rows == other.rows
    assert one.classes == other.classes
    assert one.performance == pytest.approx(other.performance, rel=1e-12)
    assert one.performance_samples == other.performance_samples
    for mine, theirs in ((one.features, other.features), (one.outputs, other.outputs)):
        assert list(mine) == list(theirs)
        for name, profile in mine.items():
            twin = theirs[name]
            assert type(profile) is type(twin)
            if not isinstance(profile, NumericProfile) or not isinstance(twin, NumericProfile):
                assert replace(profile, counts=0) == replace(twin, counts=0)  # type: ignore[arg-type]
                np.testing.assert_array_equal(profile.counts, twin.counts)
                continue
            for attribute in ("edges", "fine_edges", "counts"):
                np.testing.assert_array_equal(getattr(profile, attribute), getattr(twin, attribute))
            np.testing.assert_allclose(profile.means, twin.means, rtol=1e-10)
            for attribute in ("minimum", "maximum", "missing", "invalid"):
                assert getattr(profile, attribute) == getattr(twin, attribute), name
            assert profile.mean == pytest.approx(twin.mean, rel=1e-12)
            assert profile.std == pytest.approx(twin.std, rel=1e-9)


def test_with_the_edges_of_the_first_part_the_merged_counts_are_those_of_the_whole(
    tmp_path: Path,
) -> None:
    files = _files(tmp_path, _rows(1, 700), _rows(2, 900, shift=2.0), _rows(3, 40))
    first = build([files[0]], MODEL, now=1.0)
    shards = [build_shard([path], MODEL, now=1.0, bins=first) for path in files]
    whole = build(files, MODEL, now=1.0, bins=first)
    merged = merge(_stored(tmp_path, shards), now=1.0)
    _assert_same(merged, whole)
    np.testing.assert_array_equal(numeric(merged, "amount").edges, numeric(first, "amount").edges)


def test_in_any_order(tmp_path: Path) -> None:
    files = _files(tmp_path, _rows(1, 300), _rows(2, 300, 1.0), _rows(3, 300))
    first = build([files[0]], MODEL, now=1.0)
    shards = [build_shard([path], MODEL, now=1.0, bins=first) for path in files]
    _assert_same(merge(shards, now=1.0), merge(shards[::-1], now=1.0))


def test_shards_with_bins_of_their_own_give_the_whole_exactly_while_sketches_are_exact(
    tmp_path: Path,
) -> None:
    files = _files(tmp_path, _rows(4, 1500), _rows(5, 1500, shift=1.0))
    shards = [build_shard([path], MODEL, now=1.0) for path in files]
    _assert_same(merge(_stored(tmp_path, shards), now=1.0), build(files, MODEL, now=1.0))


def test_large_shards_are_within_the_stated_rank_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    parts = [rng.normal(shift, 1.0, 60_000) for shift in (0.0, 0.5, 3.0)]
    shards = []
    for i, values in enumerate(parts):
        path = tmp_path / f"{i}.csv"
        path.write_text("x,prediction\n" + "".join(f"{value!r},1\n" for value in values.tolist()))
        shards.append(build_shard([str(path)], MODEL, now=1.0))
    merged = numeric(merge(shards, now=1.0))
    everything: Floats = np.sort(np.concatenate(parts))
    n = len(everything)
    bound = n * math.ceil(math.log2(n / CAPACITY)) / CAPACITY
    truth = np.searchsorted(everything, merged.fine_edges, side="right")
    error = np.abs(np.cumsum(merged.counts)[:-1] - truth)
    assert merged.counts.sum() == n
    assert 0 < error.max() <= bound
    ranks = np.searchsorted(everything, merged.edges, side="right") / n
    assert np.abs(ranks - np.arange(1, 10) / 10).max() <= bound / n + 1 / n
    assert merged.mean == pytest.approx(everything.mean(), rel=1e-9)
    assert merged.std == pytest.approx(everything.std(), rel=1e-9)
    assert (merged.minimum, merged.maximum) == (everything[0], everything[-1])


def test_a_feature_that_only_some_parts_have_is_missing_in_the_others(tmp_path: Path) -> None:
    extra: Rows = [
        {"features": {"new": i, "x": None}, "outputs": {"prediction": 1}} for i in range(9)
    ]
    plain: Rows = [{"features": {"x": float(i)}, "outputs": {"prediction": 0}} for i in range(20)]
    shards = [build_shard([path], MODEL, now=1.0) for path in _files(tmp_path, extra, plain)]
    merged = merge(shards, now=1.0)
    assert (numeric(merged, "new").samples, numeric(merged, "new").missing) == (9, 20)
    assert (numeric(merged, "x").samples, numeric(merged, "x").missing) == (20, 9)


def test_a_column_that_is_all_nan_in_a_part_stays_numeric_with_edges_given(tmp_path: Path) -> None:
    rows: Rows = [{"features": {"x": float(i)}, "outputs": {"prediction": 1}} for i in range(50)]
    nan: Rows = [{"features": {"x": "nan"}, "outputs": {"prediction": 1}} for _ in range(7)]
    files = _files(tmp_path, rows, nan)
    first = build([files[0]], MODEL, now=1.0)
    shards = [build_shard([path], MODEL, now=1.0, bins=first) for path in files]
    merged = numeric(merge(shards, now=1.0))
    assert (merged.samples, merged.invalid, merged.missing) == (50, 7, 0)


def test_plain_profiles_merge_where_their_bins_are_the_same(tmp_path: Path) -> None:
    files = _files(tmp_path, _rows(1, 200), _rows(2, 200))
    for rows in files:
        text = Path(rows).read_text().replace('"shop": "s', '"shop": "').replace("\n", "\n")
        Path(rows).write_text(text)
    model = replace(MODEL, fields=replace(FIELDS, features=replace_features(("shop",))))
    first = build([files[0]], model, now=1.0)
    second = build([files[1]], model, now=1.0, bins=first)
    merged = merge([Shard(first), Shard(second)], now=1.0)
    assert numeric(merged, "amount").samples == sum(
        numeric(one, "amount").samples for one in (first, second)
    )
    assert merged.performance == {}  # macro averages do not add up
    with pytest.raises(ProfileError, match=r"amount: the parts have different bins; build the pa"):
        merge([Shard(first), Shard(build([files[1]], model, now=1.0))], now=1.0)


def replace_features(names: tuple[str, ...]) -> FeaturesField:
    assert FIELDS.features is not None
    return replace(FIELDS.features, numeric=names)


def test_parts_that_do_not_fit_together_are_refused_with_a_reason(tmp_path: Path) -> None:
    files = _files(tmp_path, _rows(1, 300), _rows(2, 300))
    one, other = (build_shard([path], MODEL, now=1.0) for path in files)
    with pytest.raises(ProfileError, match="at least two parts"):
        merge([one], now=1.0)
    renamed = replace(other, reference=replace(other.reference, model="fraud"))
    with pytest.raises(ProfileError, match="differ in their model: credit, fraud"):
        merge([one, renamed], now=1.0)
    regression = replace(other, reference=replace(other.reference, task="regression"))
    with pytest.raises(ProfileError, match=r"differ in their task: .*; set `task` in the config"):
        merge([one, regression], now=1.0)
    with pytest.raises(ProfileError, match="shop: the parts do not say how often each category"):
        merge([one, Shard(other.reference, other.sketches)], now=1.0)
    swapped = {**other.reference.features, "shop": other.reference.features["amount"]}
    mixed = replace(other, reference=replace(other.reference, features=swapped))
    with pytest.raises(ProfileError, match="shop: is numeric in some parts and categorical in ot"):
        merge([one, mixed], now=1.0)


def test_huge_and_constant_values_merge(tmp_path: Path) -> None:
    for values in ((1e300, -1e300, 5e299), (7.0, 7.0), (1e9, 1e9 + 2)):
        rows: Rows = [{"features": {"x": v}, "outputs": {"prediction": 1}} for v in values]
        files = _files(tmp_path, rows, rows[:1])
        merged = merge([build_shard([path], MODEL, now=1.0) for path in files], now=1.0)
        _assert_same(merged, build(files, MODEL, now=1.0))


def test_categories_beyond_the_listed_are_counted_in_all_parts(tmp_path: Path) -> None:
    one: Rows = [{"features": {"x": f"c{i % 30}"}, "outputs": {"prediction": 1}} for i in range(90)]
    two: Rows = [{"features": {"x": "c29"}, "outputs": {"prediction": 1}} for _ in range(50)]
    shards = [build_shard([path], MODEL, now=1.0) for path in _files(tmp_path, one, two)]
    merged = categorical(merge(shards, now=1.0))
    assert (merged.categories[0], merged.counts[0]) == ("c29", 53)
    assert len(merged.categories) == 20
    assert merged.other_count == 30


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "models:\n  credit:\n    logs: [x]\n    fields:\n      features: features\n"
        "      prediction: outputs.prediction\n      score: score\n      actual: actual\n"
    )
    files = _files(tmp_path, _rows(1, 400), _rows(2, 500))
    build_command = ["reference", "build", f"--config.file={config}"]
    outputs = [str(tmp_path / f"{i}.shard.json") for i in range(2)]
    assert main([*build_command, "--shard", f"--output={outputs[0]}", files[0]]) == 0
    edges = f"--edges-from={outputs[0]}"
    assert main([*build_command, "--shard", edges, f"--output={outputs[1]}", files[1]]) == 0
    merged = str(tmp_path / "merged.json")
    assert main(["reference", "merge", *outputs, f"--output={merged}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{merged}: 900 rows, 4 features")
    assert references.load(merged).rows == 900
    assert main(["reference", "show", outputs[0]]) == 2
    assert "is a shard; make a reference of it with `reference merge`" in capsys.readouterr().err
    Path(outputs[0]).write_text(Path(outputs[0]).read_text()[:-900])
    assert main(["reference", "merge", *outputs, f"--output={merged}"]) == 2
    assert f"{outputs[0]}: is" in capsys.readouterr().err


def test_a_shard_that_was_tampered_with_is_refused(tmp_path: Path) -> None:
    shard = build_shard(_files(tmp_path, _rows(1, 50)), MODEL, now=1.0)
    text = dump_shard(shard).decode().replace('"count":', '"count":1', 1)
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"bad\.json: a sketch of 1.* values has"):
        load_part(str(path))
