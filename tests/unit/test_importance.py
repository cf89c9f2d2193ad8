"""Importance of features: the share of the score's variance between cells, against scikit-learn."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from inference_exporter.cli import main
from inference_exporter.cli.differences import difference
from inference_exporter.config.schema import ModelConfig
from inference_exporter.reference import (
    Shard,
    build,
    build_shard,
    dump_shard,
    dumps,
    load_part,
    loads,
    merge,
    save,
    show,
    write,
)
from inference_exporter.values.batch import Floats
from inference_exporter.values.importance import Importance, centred, in_force
from inference_exporter.values.profile import CategoricalProfile, NumericProfile, Reference
from reference_files import MODEL, Rows, write_lines

KINDS = ("strong", "weak", "noise", "plan", "many")


def rows_of(seed: int, n: int = 1500, task: str = "score") -> Rows:
    """A score that follows `strong` in a curve, `plan` by category, `weak` a little."""
    rng = np.random.default_rng(seed)
    rows: Rows = []
    for _ in range(n):
        strong, weak, plan = rng.normal(), rng.normal(), str(rng.choice(["a", "b", "c"]))
        level = 2.0 * strong**2 + 0.3 * weak + {"a": 0.0, "b": 1.0, "c": 2.0}[plan]
        value = 1 / (1 + np.exp(-level + 3)) if task == "score" else 1000.0 + level
        features = {
            "strong": float(strong) if rng.random() > 0.05 else None,
            "weak": float(weak) if rng.random() > 0.02 else "broken",
            "noise": float(rng.normal()), "plan": plan, "many": f"m{int(rng.integers(40))}",
        }  # fmt: skip
        outputs: dict[str, object] = {"prediction": int(value > 0.5)}
        row: dict[str, object] = {"features": features, "outputs": outputs}
        if task == "score":
            row["score"] = float(value) if rng.random() > 0.01 else None
        else:
            outputs["prediction"] = float(value)
        rows.append(row)
    return rows


def reference_of(folder: Path, rows: Rows, model: ModelConfig = MODEL) -> Reference:
    return build([write_lines(folder / "rows.jsonl", rows)], model, now=1.0)


def importance(reference: Reference) -> Importance:
    assert reference.importance is not None
    return reference.importance


def cell(reference: Reference, name: str, value: object) -> int:
    """The cell of a value, as the documentation says it."""
    profile = reference.features[name]
    if isinstance(profile, NumericProfile):
        if not isinstance(value, float):
            return len(profile.bins)
        return int(np.searchsorted(profile.edges, value))
    assert isinstance(profile, CategoricalProfile)
    assert isinstance(value, str)
    return profile.bins.index(value if value in profile.categories else "other")


def adjusted(cells: list[int], target: Floats) -> float:
    """Adjusted R² of a regression on indicators of the cells."""
    distinct = sorted(set(cells))
    design = np.equal.outer(np.array(cells), np.array(distinct)).astype(float)
    r2 = LinearRegression(fit_intercept=False).fit(design, target).score(design, target)
    n = len(target)
    return max(0.0, 1.0 - (1.0 - float(r2)) * (n - 1) / (n - len(distinct)))


@pytest.mark.parametrize("task", ["score", "prediction"])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_adjusted_r2_of_the_score_on_the_cells(
    tmp_path: Path, seed: int, task: str
) -> None:
    model = MODEL if task == "score" else replace(MODEL, task="regression")
    rows = rows_of(seed, task=task)
    reference = reference_of(tmp_path, rows, model)
    found = importance(reference)
    assert found.target == task
    values = [row["score"] if task == "score" else row["outputs"]["prediction"] for row in rows]  # type: ignore[index]
    used = [at for at, value in enumerate(values) if value is not None]
    target = np.array([values[at] for at in used], dtype=float)
    explained = found.explained()
    for name in KINDS:
        cells = [cell(reference, name, rows[at]["features"][name]) for at in used]  # type: ignore[index]
        assert explained[name] == pytest.approx(adjusted(cells, target), abs=1e-9), name
    assert explained["strong"] > explained["plan"] > explained["weak"]
    assert explained["strong"] > 0.5  # although their correlation is nothing
    assert explained["noise"] < 0.02
    assert explained["many"] < 0.02


def test_it_survives_the_file_and_references_without_it_still_load(tmp_path: Path) -> None:
    reference = reference_of(tmp_path, rows_of(1))
    data = dumps(reference)
    again = loads(data)
    assert importance(again).explained() == importance(reference).explained()
    old = json.loads(data)
    del old["importance"]
    assert loads(json.dumps(old).encode()).importance is None
    assert again.fingerprint == reference.fingerprint  # counts may be added as before


@pytest.mark.parametrize(
    ("path", "value", "wrong"),
    [
        (("features", "plan", "rows"), [1.0], "do not fit"),
        (("features", "plan", "rows"), [-1.0] * 5, "do not fit"),
        (("features",), {}, "other features"),
    ],
)
def test_a_damaged_one_is_refused(
    tmp_path: Path, path: tuple[str, ...], value: object, wrong: str
) -> None:
    file = json.loads(dumps(reference_of(tmp_path, rows_of(1, 300))))
    place = file["importance"]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=wrong):
        loads(json.dumps(file).encode())


def test_without_a_score_or_a_number_there_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"features": {"x": float(i)}, "outputs": {"prediction": i % 2}} for i in range(300)]
    assert reference_of(tmp_path, rows).importance is None
    for row in rows:
        row["score"] = 0.5
    assert reference_of(tmp_path, rows).importance is None
    config = tmp_path / "config.yaml"
    config.write_text(
        "models:\n  credit:\n    logs: x\n    fields: {features: features,"
        " prediction: outputs.prediction}\n"
    )
    arguments = ["reference", "build", str(tmp_path / "rows.jsonl"), f"--config.file={config}"]
    assert main([*arguments, f"--output={tmp_path / 'out.json'}"]) == 0
    assert "importance of features: not measured" in capsys.readouterr().out


@pytest.mark.parametrize("value", [1e308, -1e200])
def test_numbers_whose_squares_are_too_large_have_none(tmp_path: Path, value: float) -> None:
    rows = [
        {"features": {"x": float(i)}, "outputs": {"prediction": value * (i % 7)}}
        for i in range(300)
    ]
    reference = reference_of(tmp_path, rows, replace(MODEL, task="regression"))  # type: ignore[arg-type]
    assert reference.importance is None


def test_sums_do_not_depend_on_what_is_taken_from_the_target(tmp_path: Path) -> None:
    one = importance(reference_of(tmp_path, rows_of(2, 500)))
    assert centred(one, 0.0).explained() == pytest.approx(one.explained(), abs=1e-9)
    far = centred(centred(one, 1000.0), one.centre)
    assert far.explained() == pytest.approx(one.explained(), abs=1e-6)


def parts_of(folder: Path, rows: Rows, *, shared: bool) -> list[Shard]:
    """Two shards, the second in the bins of the first if they are shared."""
    shards: list[Shard] = []
    for at, some in enumerate((rows[:700], rows[700:])):
        bins = shards[0].reference if shards and shared else None
        path = write_lines(folder / f"part{at}.jsonl", some)
        shard = build_shard([path], MODEL, now=1.0, bins=bins)
        write(dump_shard(shard), str(folder / f"{at}.json"))
        shards.append(load_part(str(folder / f"{at}.json")))
    return shards


def test_shards_add_up_to_the_whole_where_their_bins_are_the_same(tmp_path: Path) -> None:
    rows = rows_of(4)
    rows[700]["features"]["plan"] = "d"  # type: ignore[index]  # a category of the second part
    shards = parts_of(tmp_path, rows, shared=True)
    whole = build(
        [write_lines(tmp_path / "rows.jsonl", rows)], MODEL, now=1.0, bins=shards[0].reference
    )
    for order in (shards, shards[::-1]):
        merged = importance(merge(order, now=1.0))
        assert merged.explained() == pytest.approx(importance(whole).explained(), abs=1e-9)
        for name, (counts, _) in importance(whole).cells.items():
            assert merged.cells[name][0].tolist() == counts.tolist(), name


def test_shards_with_bins_of_their_own_do_not_add_up_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts_of(tmp_path, rows_of(4), shared=False)
    paths = [str(tmp_path / f"{at}.json") for at in range(2)]
    output = str(tmp_path / "merged.json")
    assert main(["reference", "merge", *paths, f"--output={output}"]) == 0
    assert "the importance of features does not add up" in capsys.readouterr().out
    assert loads(Path(output).read_bytes()).importance is None


def test_a_feature_that_a_part_lacks_is_without_a_value_there(tmp_path: Path) -> None:
    rows = rows_of(5)
    for row in rows[700:]:
        del row["features"]["noise"]  # type: ignore[attr-defined]
    merged = importance(merge(parts_of(tmp_path, rows, shared=True), now=1.0))
    rest = sum(row["score"] is not None for row in rows[700:])
    assert merged.cells["noise"][0][-1] == rest
    assert merged.cells["noise"][0].sum() == merged.rows


def test_show_has_the_most_important_first_and_diff_both(tmp_path: Path) -> None:
    one, other = (reference_of(tmp_path, rows_of(seed, 600)) for seed in (1, 2))
    lines = show(one).splitlines()
    order = [line.split(":")[0] for line in lines if line.split(":")[0] in KINDS]
    explained = importance(one).explained()
    assert order == sorted(KINDS, key=lambda name: -explained[name])
    assert f"  explains {explained['strong']:.1%} of the score's variance" in lines
    told = difference(one, other).splitlines()
    first = told[told.index("share of the score's variance that a feature explains") + 1]
    assert first.split()[:2] == ["strong", f"{explained['strong']:.4f}"]
    save(one, str(tmp_path / "one.json"))


def test_what_is_given_takes_the_place_of_what_was_measured(tmp_path: Path) -> None:
    measured = importance(reference_of(tmp_path, rows_of(1, 600)))
    shares = in_force({}, measured, KINDS)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert max(shares, key=lambda name: shares[name]) == "strong"
    given = in_force({"noise": 3.0, "plan": 1.0}, measured, KINDS)
    assert given == {"strong": 0.0, "weak": 0.0, "noise": 0.75, "plan": 0.25, "many": 0.0}
    assert in_force({}, None, KINDS) == {}
