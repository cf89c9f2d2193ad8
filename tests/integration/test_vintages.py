"""Calendar periods on the status page and in the report, against the metrics of the same moment."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from html_page import faults, read
from inference_exporter import reference
from inference_exporter.cli import main
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status import StatusPages
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import VintageRow
from inference_exporter.performance import rank_edges
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.reference.judging.calibrate import calibrate
from inference_exporter.values.profile import Reference
from late_sidecar import LateSidecar

DAY = 86400.0
MORE = """\
reference: known.json
    positive_class: b
    calendar: {timezone: Europe/Paris, periods: [month, day], early: 3d}"""
LABELS = "logs: labels.jsonl, timestamp: at, wait: 90d"


def known() -> Reference:
    draw = np.random.default_rng(1)
    score = draw.random(20_000)
    found = calibrate(score, draw.random(20_000) < score, ("a", "b"), rank_edges(np.empty(0)))
    bare = Reference(
        model="m", rows=20_000, created=0.0, fingerprint="", task="classification", features={},
        classes=("a", "b"), calibration=found,
    )  # fmt: skip
    return replace(bare, fingerprint=fingerprint(bare))


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> LateSidecar:
    """Predictions of seven weeks, of which half have a label after a day and others after ten."""
    folder = tmp_path_factory.mktemp("vintages")
    reference.save(known(), str(folder / "known.json"))
    sidecar, rng = LateSidecar(folder, LABELS, more=MORE), random.Random(3)
    made: list[list[dict[str, object]]] = []
    for day in range(50):
        sidecar.clock.advance(DAY - 5 if day else 0)
        scores = [round(rng.random(), 4) for _ in range(30)]
        made.append(
            [{"at": sidecar.clock.now() - row, "id": f"{day}-{row}", "version": "1", "score": p,
              "predicted": "b" if p >= 0.5 else "a"} for row, p in enumerate(scores)]
        )  # fmt: skip
        sidecar.predict(*made[-1])
        for before, share in ((1, slice(0, 15)), (10, slice(15, 25))):
            if day >= before:
                for row in made[day - before][share]:
                    came = rng.random() < float(str(row["score"]))
                    actual = "b" if came else "a"
                    sidecar.label({"id": row["id"], "actual": actual, "at": sidecar.clock.now()})
        sidecar.settle()
    return sidecar


def rows_of(sidecar: LateSidecar) -> dict[str, list[VintageRow]]:
    sidecar.clock.advance(120)  # periods are looked at once a minute
    sidecar.settle()
    assert sidecar.published.snapshot is not None
    view = model_view(sidecar.published.snapshot, "m", Selection())
    assert view is not None
    assert view.shown is not None
    return {one.kind: list(one.rows) for one in view.shown.vintages}


def test_the_periods_of_the_page_are_those_of_the_metrics(sidecar: LateSidecar) -> None:
    rows = rows_of(sidecar)
    page = {(name, frozenset(labels)): value for (name, labels), value in sidecar.page().items()}

    def value(family: str, window: str, metric: str = "", **more: str) -> float:
        labels = {"model": "m", "version": "1", "window": window, **more}
        return page[family, frozenset((labels | ({"metric": metric} if metric else {})).items())]

    assert list(rows) == ["day", "month"]
    assert [row.metric for row in rows["month"]] == ["accuracy", "roc_auc"] * 3
    for kind, ones in rows.items():
        current, last = ones[0], ones[2]
        assert (current.is_over, last.is_over) == (False, True)
        for row, window in ((current, kind), (last, f"previous_{kind}")):
            for family, found in (
                ("inference_performance", row.realised),
                ("inference_performance_early", row.early),
            ):
                if found.value.value is None:  # no labels yet
                    assert value(f"{family}_samples", window) == 0
                    continue
                assert found.value.value == value(family, window, "accuracy", **{"class": ""})
                assert found.between == (
                    value(f"{family}_lower", window, "accuracy", **{"class": ""}),
                    value(f"{family}_upper", window, "accuracy", **{"class": ""}),
                )
            estimate = "inference_performance_estimate"
            assert row.estimated.value.value == value(estimate, window, "accuracy")
            assert row.coverage.value == value("inference_label_coverage_ratio", window)
            assert row.predictions.value == value(f"{estimate}_samples", window)
    whole = next(row for row in rows["month"] if row.name == "2027-02")
    assert whole.predictions.value == 28 * 30
    assert whole.coverage.value == (28 * 15 + 23 * 10) / (28 * 30)  # as of the 5th of March
    early = value("inference_performance_early_samples", "previous_month")
    assert early == 28 * 15  # those of the second day; the others took ten
    assert early < value("inference_performance_samples", "previous_month")


def test_the_page_shows_them_as_tables_without_faults(sidecar: LateSidecar) -> None:
    rows = rows_of(sidecar)
    assert sidecar.published.snapshot is not None
    html = StatusPages(Landing(), "/metrics").model(sidecar.published.snapshot, "m", {})
    assert html is not None
    assert faults(html) == []
    tables = {one.all("caption")[0].text: one for one in read(html).all("table")}
    shown = [[cell.text for cell in row.all("th", "td")]
             for row in tables["Predictions by month"].all("tr")]  # fmt: skip
    assert shown[0][-3:] == ["Estimated without labels", "Early outcome", "Outcome as of now"]
    assert [row[0] for row in shown[1::2]] == ["2027-03 (so far)", "2027-02", "2027-01"]
    assert shown[3][1] == "840"
    assert len(tables["Predictions by day"].all("tr")) == 1 + len(rows["day"])


def test_the_report_has_the_periods_that_reach_into_its_time(sidecar: LateSidecar) -> None:
    sidecar.settle()
    output = sidecar.folder / "report.html"
    command = ["report", f"--config.file={sidecar.folder / 'config.yaml'}",
               f"--storage.path={sidecar.folder / 'state'}", f"--output={output}",
               "--from=2027-02-10", "--to=2027-02-20"]  # fmt: skip
    assert main(command) == 0
    page = output.read_text(encoding="utf-8")
    assert faults(page) == []
    tables = {one.all("caption")[0].text: one for one in read(page).all("table")}
    months = [row.all("th")[0].text for row in tables["Predictions by month"].all("tr")[1:]]
    assert months == ["2027-02", "2027-02"]
    days = {row.all("th")[0].text for row in tables["Predictions by day"].all("tr")[1:]}
    assert days == {f"2027-02-{day}" for day in range(10, 21)}  # the 10th in UTC ends in the 11th


def test_without_a_calendar_there_is_nothing_about_periods(tmp_path: Path) -> None:
    sidecar = LateSidecar(tmp_path, LABELS)
    sidecar.predict({"at": sidecar.clock.now(), "id": "1", "predicted": "a", "score": 0.5})
    sidecar.settle()
    assert sidecar.published.snapshot is not None
    html = StatusPages(Landing(), "/metrics").model(sidecar.published.snapshot, "m", {})
    assert html is not None
    assert "Data quality" in html
    assert "Calendar periods" not in html
    assert not [name for name, _ in sidecar.page() if name.startswith("inference_period_")]
