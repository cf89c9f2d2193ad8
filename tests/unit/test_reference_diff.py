"""`reference diff`: the statistics between two references, against those of the raw data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from inference_exporter.cli import main
from inference_exporter.cli.differences import compare, difference, rebinned
from inference_exporter.reference import save
from inference_exporter.statistics import STATISTICS
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Reference
from reference_files import built, categorical, numeric


def _built(folder: Path, values: Floats | Sequence[object]) -> Reference:
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return built(folder, plain)


def _statistic(name: str, old: Reference, new: Reference) -> float:
    comparison = compare(old.features["x"], new.features["x"])
    assert comparison is not None
    result = STATISTICS[name](comparison)
    assert result is not None
    return result.value


@pytest.mark.parametrize("seed", range(5))
def test_rows_in_other_bins_are_nearly_those_of_the_data(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = rng.gamma(2.0, 1.0, 4000)
    other = np.concatenate((rng.gamma(3.0, 1.0, 4000), np.full(1000, 1.5)))
    old, new = _built(tmp_path, known), _built(tmp_path, other)
    profile = numeric(old)
    counts, sums = rebinned(numeric(new), profile.fine_edges)
    truth = np.searchsorted(np.sort(other), profile.fine_edges, side="right")
    assert counts.sum() == pytest.approx(len(other))
    assert np.abs(np.cumsum(counts)[:-1] - truth).max() <= 0.01 * len(other)
    assert sums.sum() == pytest.approx(other.sum())
    exact = np.bincount(np.searchsorted(profile.edges, other), minlength=10)
    p, q = (exact + 0.5) / (len(other) + 5), (profile.coarse(profile.counts) + 0.5) / 4005
    psi = float(((p - q) * np.log(p / q)).sum())
    assert _statistic("psi", old, new) == pytest.approx(psi, abs=0.02)
    assert _statistic("ks", old, new) == pytest.approx(
        stats.ks_2samp(known, other).statistic, abs=0.02
    )
    assert _statistic("wasserstein", old, new) == pytest.approx(
        stats.wasserstein_distance(known, other) / known.std(), rel=0.05
    )


def test_the_same_reference_differs_by_nothing(tmp_path: Path) -> None:
    one = _built(tmp_path, np.random.default_rng(1).normal(0, 1, 1000))
    for name in ("psi", "js", "ks", "tvd"):
        assert _statistic(name, one, one) == pytest.approx(0.0, abs=1e-7)


def test_categories_of_the_new_one_are_known_unlisted_or_unseen(tmp_path: Path) -> None:
    old = _built(tmp_path, [f"c{i}" for i in range(30) for _ in range(31 - i)])
    new = _built(tmp_path, ["c0"] * 5 + ["c29"] * 3 + ["new"] * 2)
    comparison = compare(categorical(old), categorical(new))
    assert comparison is not None
    cells = dict(zip(categorical(old).bins, comparison.current.counts.tolist(), strict=True))
    assert {name: count for name, count in cells.items() if count} == {
        "c0": 5, "other": 3, "unseen": 2,
    }  # fmt: skip


def test_the_table_has_the_largest_change_first_and_what_one_of_them_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from inference_exporter.reference import build
    from reference_files import MODEL, Rows, write_lines

    rng = np.random.default_rng(7)

    def rows(shift: float, name: str) -> Rows:
        return [
            {
                "features": {
                    "calm": float(rng.normal()), "moved": float(rng.normal(shift)), name: 1.5,
                    "kind": float(i) if shift else f"k{i % 3}",
                },
                "outputs": {"prediction": i % 2}, "actual": i % 2,
            }
            for i in range(1000)
        ]  # fmt: skip

    references = [
        build([write_lines(tmp_path / "rows.jsonl", rows(shift, name))], MODEL, now=1.0)
        for shift, name in ((0.0, "gone"), (1.0, "come"))
    ]
    text = difference(*references)
    lines = text.splitlines()
    assert "the bins differ" in lines
    assert "only the old one has the feature: gone" in lines
    assert "only the new one has the feature: come" in lines
    assert "kind: categorical in the old one, numeric in the new one" in lines
    named = [line.split()[0] for line in lines if line.startswith(("calm", "moved"))]
    assert named == ["moved", "calm", "moved", "calm"]
    way = lines[lines.index("which way, and the bins that moved most") + 1]
    assert re.fullmatch(
        r"moved +7\d of 100 higher  \+\d+\.\d points in over \S+, [+-]\d+\.\d points in .+", way
    )
    moved = next(line for line in lines if line.startswith("moved"))
    assert "█" * 30 in moved
    assert "  accuracy" in text
    paths = [str(tmp_path / f"{i}.json") for i in range(2)]
    for one, path in zip(references, paths, strict=True):
        save(one, path)
    assert main(["reference", "diff", *paths]) == 0
    assert capsys.readouterr().out == text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([5.0] * 10, [5.0] * 10),
        ([5.0] * 10, [6.0] * 10),
        ([None] * 10, [1.0] * 10),
        ([1.0, 2.0] * 5, [None] * 9),
        ([1e308, -1e308], [-1e308, 1e308, 0.0]),
    ],
)
def test_extreme_references_have_a_table(
    tmp_path: Path, old: list[object], new: list[object]
) -> None:
    text = difference(_built(tmp_path, old), _built(tmp_path, new))
    assert "nan" not in text
    assert text.endswith("\n")
