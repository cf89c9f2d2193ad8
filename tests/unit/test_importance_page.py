"""Importance on the pages: shares of features, and how much of it has drifted."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from exporter_process import Series
from inference_exporter.assembly import load_all
from inference_exporter.errors import ConfigError
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import VersionView
from inference_exporter.reference import build, save
from inference_exporter.values.importance import in_force
from reference_files import MODEL, Rows, write_lines
from sidecar import Sidecar, line

CONFIG = """\
fields: {timestamp: t, features: features, prediction: outputs.prediction, score: score}
reference: credit.json
windows: [1h]
"""


def rows(rng: random.Random, n: int, shift: float = 0.0) -> Rows:
    """The score follows `matters`; `idle` is shifted as far and decides nothing."""
    made: Rows = []
    for _ in range(n):
        matters, idle, calm = (rng.gauss(shift, 1.0) for _ in range(3))
        features: dict[str, object] = {"matters": matters, "idle": idle, "calm": calm - shift}
        score = min(1.0, max(0.0, 0.5 + 0.1 * matters + 0.03 * (calm - shift)))
        made.append({"features": features, "outputs": {"prediction": 1}, "score": score})
    return made


def running(folder: Path, more: str = "") -> Sidecar:
    """A sidecar with a reference, behind two hours in which `matters` and `idle` are shifted."""
    rng = random.Random(3)
    path = write_lines(folder / "good.jsonl", rows(rng, 3000))
    reference = build([path], MODEL, now=1.0)
    save(reference, str(folder / "credit.json"))
    text = (folder / "credit.json").read_text().replace('"model": "credit"', '"model": "m"')
    (folder / "credit.json").write_text(text)
    sidecar = Sidecar(folder, CONFIG + more)
    for _ in range(3):
        sidecar.clock.advance(3600.0)
        now = sidecar.clock.now()
        sidecar.reads(*(line(t=now, **one) for one in rows(rng, 800, 1.0)))
    return sidecar


def shares(page: Series) -> dict[str, float]:
    """The gauge by feature."""
    return {
        dict(labels)["feature"]: value
        for (name, labels), value in page.items()
        if name == "inference_feature_importance_ratio"
    }


def drifted(page: Series) -> float:
    (value,) = (v for (name, _), v in page.items() if name == "inference_drifted_importance_ratio")
    return value


def shown(sidecar: Sidecar) -> VersionView:
    view = model_view(sidecar.snapshot, "m", Selection())
    assert view is not None
    assert view.shown is not None
    return view.shown


def test_what_was_measured_is_published_and_weighs_the_decisions(tmp_path: Path) -> None:
    sidecar = running(tmp_path)
    page, view = sidecar.page(), shown(sidecar)
    _, references = load_all(str(tmp_path / "config.yaml"))
    reference = references["m"]
    assert reference is not None
    found = shares(page)
    assert found == in_force({}, reference.importance, reference.features)
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["matters"] > 0.8 > found["calm"] > found["idle"]
    assert drifted(page) == pytest.approx(found["matters"] + found["idle"])
    assert view.importance.value == drifted(page)
    assert {row.name: row.importance.value for row in view.drift.features} == found
    assert [row.name for row in view.drift.features] == ["matters", "idle", "calm"]
    assert {row.verdict.level for row in view.drift.features[:2]} == {"bad"}


def test_what_is_given_counts_instead(tmp_path: Path) -> None:
    sidecar = running(tmp_path, "importance: {idle: 3, calm: 1}")
    assert shares(sidecar.page()) == {"matters": 0.0, "idle": 0.75, "calm": 0.25}
    assert drifted(sidecar.page()) == 0.75
    assert [row.name for row in shown(sidecar).drift.features] == ["idle", "matters", "calm"]


def test_a_feature_that_the_reference_does_not_have_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"importance.incme: the reference has no such feature"):
        running(tmp_path, "importance: {incme: 1}")


def test_a_reference_without_it_has_no_series(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, CONFIG.replace("credit.json", "{warmup: 300}"))
    made = [{**one, "score": None} for one in rows(random.Random(1), 600)]
    sidecar.reads(*(line(t=sidecar.clock.now(), **one) for one in made))
    page = sidecar.page()
    assert any(name == "inference_feature_bin_total" for name, _ in page)
    assert shares(page) == {}
    assert not any(name == "inference_drifted_importance_ratio" for name, _ in page)
    assert shown(sidecar).importance.value is None
