"""Parts of a model: the table, what is not configured, one more part, the state of before."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import pytest

from all_parts import BEFORE, page, write_files
from exporter_process import parse
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.text import render_text
from inference_exporter.model import Model, model
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.parts import PARTS
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.samples import Samples, Snapshot

NOW = 1_800_000_000.0
SINCE = (  # what is published since then
    "inference_feature_point_mass", "inference_rows_set_aside", "inference_feature_undecided",
    "inference_output_undecided", "inference_label_score_coverage_ratio", "inference_cohort_",
    "inference_performance_reference_", "inference_prediction_weight_squared",
    "inference_score_outcomes_", "inference_threshold{",
    "inference_drift_decisions_", "inference_drift_onsets_", "inference_output_drift_onsets_",
    "inference_feature_bin_rank",
    "inference_output_bin_rank", "inference_feature_importance_ratio",
    "inference_drifted_importance_ratio", "inference_performance_segment_",
    "inference_performance_reference{",  # of segments
)  # fmt: skip
ANEW = "inference_request_duration_"  # has other bounds since, and is counted anew
FOLDER = Path(model.__file__).parent / "parts"
PLAIN = "models: {m: {logs: [x], fields: {prediction: y}}}"


def _model() -> Model:
    (one,) = config.parse(PLAIN, "test.yaml").models
    return make_model(one, None)


def test_the_table_is_the_folder() -> None:
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {kind.__module__.rpartition(".")[2] for kind in PARTS} == files
    assert len(PARTS) == len(files)


def test_what_is_not_configured_is_not_made() -> None:
    assert {kind.__name__ for kind in PARTS if _model().part(kind) is not None} == {
        "NumbersPart", "DecisionsPart",
    }  # fmt: skip


class Rowcount(Part):
    """A throw-away part: it counts rows, publishes them, and keeps them over a crash."""

    def __init__(self) -> None:
        self._rows = 0

    @classmethod
    def of(cls, setting: Setting) -> Self:
        return cls()

    def counted(self, rows: Rows) -> None:
        self._rows += rows.batch.rows

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:
        yield cache.samples("inference_reference_warmup_remaining", {("m",): float(self._rows)})

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        return {"rowcount": str(self._rows).encode()}, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        self._rows = int(state.get("rowcount", b"0"))
        return []


def test_a_part_is_a_class_and_a_line_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "PARTS", (*PARTS, Rowcount))
    before = _model()
    before.start(NOW)
    before.take(b'{"y": "a"}\n{"y": "b"}\n', NOW)
    committed, _ = before.take_changes()
    before.take(b'{"y": "c"}\n', NOW)  # and it crashes before the commit
    after = _model()
    assert after.restore(committed, NOW) == []
    after.take(b'{"y": "c"}\n{"y": "d"}\n', NOW)
    blocks = tuple(after.samples(NOW, EvaluationFacts()))
    series = parse(render_text(Snapshot(blocks, timestamp=NOW)).decode())
    found = [value for (name, _), value in series.items() if name.endswith("warmup_remaining")]
    assert found == [4.0]


@pytest.mark.parametrize("kind", ["file", "warmup"])
def test_state_of_the_version_before_parts_is_taken_up(tmp_path: Path, kind: str) -> None:
    """Written before models were made of parts, with every capability; and the page it gave."""
    write_files(tmp_path, kind)
    state = tmp_path / "state"
    state.mkdir()
    packed = (BEFORE / kind / "state.sqlite.gz").read_bytes()
    (state / "state.sqlite").write_bytes(gzip.decompress(packed))
    _is_the_page_of_before(kind, page(tmp_path, read=False))


@pytest.mark.parametrize("kind", ["file", "warmup"])
def test_what_is_counted_anew_gives_the_page_of_before(tmp_path: Path, kind: str) -> None:
    write_files(tmp_path, kind)
    _is_the_page_of_before(kind, page(tmp_path, read=True))


def _is_the_page_of_before(kind: str, lines: list[str]) -> None:
    expected = gzip.decompress((BEFORE / kind / "page.prom.gz").read_bytes()).decode()
    before, now = _values(expected.splitlines()), _values(lines)
    assert any(name.startswith(ANEW) for name in lines)
    assert {name: now.get(name) for name in before} == pytest.approx(before, rel=1e-9)
    assert [name for name in now.keys() - before.keys() if not name.startswith(SINCE)] == []


def _values(lines: list[str]) -> dict[str, float]:
    """By series; without the time at which the test built the reference, and other levels."""
    split = [line.rpartition(" ") for line in lines]
    built = ("inference_reference_info", "inference_reference_timestamp",
             "inference_feature_drift_quantile", "inference_output_drift_quantile",
             ANEW)  # fmt: skip
    levels = ("_critical{", '_significance"')
    return {
        name: float(value)
        for name, _, value in split
        if not name.startswith(built) and not any(one in name for one in levels)
    }
