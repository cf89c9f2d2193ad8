"""The dashboards as they are drawn: nothing empty where there are data, cut off, or said twice.

Not collected by default, for Node and Chromium are large: `make drawn` installs what is missing
and runs this file. The fleet is that of `test_dashboards_live`: real exporters and a Prometheus.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from exporter_process import wait_for
from grafana import ROOT, metrics_in, panels
from ops.test_dashboards_live import ABSENT, ALL, THIRD_PARTY
from watched_fleet import WatchedFleet, watched_fleet

Json = dict[str, Any]
DECIDED = "model_version_feature_window:inference_feature_drift:decided_psi"
SPAN = 90  # seconds, an hour and a half of the fleet's


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedFleet]:
    with watched_fleet(tmp_path_factory.mktemp("fleet")) as running:
        wait_for(lambda: running.now(DECIDED), "drift that was decided on", 600)
        time.sleep(SPAN / 3)
        yield running


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the preview says of each page at one moment, and of the page Model of another model."""

    moment: int
    pages: dict[str, Json]
    regression: Json


@pytest.fixture(scope="module", params=["light", "dark"])
def drawn(
    request: pytest.FixtureRequest, fleet: WatchedFleet, tmp_path_factory: pytest.TempPathFactory
) -> Drawn:
    now = int(time.time())

    def reports(model: str, *more: str) -> dict[str, Json]:
        folder = tmp_path_factory.mktemp("drawn")
        subprocess.run(
            ["bash", "scripts/preview", "screenshots", "--open", f"--prometheus={fleet.url}",
             f"--output={folder}", f"--themes={request.param}", f"--from={(now - SPAN) * 1000}",
             f"--to={now * 1000}", f"--var=model={model}", "--step=1s", *more],
            cwd=ROOT, check=True, timeout=900,
        )  # fmt: skip
        found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        return {one["dashboard"]: one for one in found}

    pages = reports("credit")
    return Drawn(now, pages, reports("price", "--only=inference-model")["inference-model"])


def test_grafana_11_to_13_know_every_key_and_word_of_the_pages() -> None:
    command = ["bash", "scripts/preview", "schema"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_page_is_drawn_whole(drawn: Drawn) -> None:
    assert drawn.pages.keys() == {board["uid"] for board in ALL.values()}
    for report in (*drawn.pages.values(), drawn.regression):
        assert report["failed"] == []
        assert report["truncated"] == [], "titles that are cut off"
        assert report["legends"] == [], "legends that leave less than 40 % to the plot"


def test_a_panel_is_empty_only_where_nobody_has_data(drawn: Drawn) -> None:
    of_both = {*drawn.pages["inference-model"]["empty"]} & {*drawn.regression["empty"]}
    for uid, report in drawn.pages.items():
        empty = of_both if uid == "inference-model" else {*report["empty"]}
        may_be = {one["title"] for one in panels(_board(uid)) if _may_be_empty(uid, one)}
        assert empty <= may_be, (uid, empty - may_be)


def _board(uid: str) -> Json:
    return next(board for board in ALL.values() if board["uid"] == uid)


def _may_be_empty(uid: str, panel: Json) -> bool:
    """Whether all that is asked is of other exporters, or known to be absent here."""
    return all(
        f"{uid} / {panel['title']} / {one['refId']}" in ABSENT
        or one["datasource"]["type"] == "loki"
        or any(THIRD_PARTY.match(name) for name in metrics_in(one.get("expr", "")))
        for one in panel.get("targets", [])
    )


def test_pages_say_one_number_for_one_thing(fleet: WatchedFleet, drawn: Drawn) -> None:
    """The PSI with which `age` was found drifted is in three tables, and no other number is."""
    said = {
        uid: {
            cell for cell in _cells(drawn.pages[uid]["texts"][title], "age") if _NUMBER.match(cell)
        }
        for uid, title in TABLES.items()
    }
    everywhere = set.intersection(*said.values())
    asked = f'{DECIDED}{{model="credit",feature="age"}}'
    found = fleet.ask("query", query=asked, time=drawn.moment)["result"]
    known = [float(one["value"][1]) for one in found]
    assert any(abs(float(cell) - psi) < 0.05 * psi for cell in everywhere for psi in known), (
        said, known
    )  # fmt: skip


TABLES = {
    "inference-overview": "Inputs that moved most",
    "inference-model": "Inputs that moved most",
    "inference-drift": "Inputs by distance",
}
INPUTS = {"age", "income", "job", "size"}
_NUMBER = re.compile(r"\d+\.\d+$")


def _cells(text: str, name: str) -> Iterator[str]:
    """The cells behind a name, up to the name of the next row."""
    inside = False
    for line in text.splitlines():
        inside = line == name if line in INPUTS else inside
        if inside and line != name:
            yield line
