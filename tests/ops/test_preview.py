"""The preview of the dashboards, as far as it can be held without Node: what it needs and draws."""

from __future__ import annotations

import json
import re
import subprocess

from grafana import ROOT, dashboards, panels

FOLDER = ROOT / "dashboards" / "preview"
TABLE = (FOLDER / "src" / "panels" / "index.tsx").read_text(encoding="utf-8")
DRAWN = set(re.findall(r"^  '?([\w-]+)'?: \w+,$", TABLE, re.MULTILINE))
NOT_DRAWN = {"logs"}  # needs Loki; the page says so


def test_every_type_of_panel_is_drawn_or_known_not_to_be() -> None:
    assert {"timeseries", "stat", "table", "state-timeline", "heatmap"} <= DRAWN
    used = {panel["type"] for board in dashboards().values() for panel in panels(board)}
    assert used - DRAWN <= NOT_DRAWN


def test_versions_are_exact_and_no_lock_file_is_kept() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    for name, version in package["dependencies"].items():
        assert re.fullmatch(r"(npm:@grafana/\w+@)?\d+\.\d+\.\d+", version), name
    kept = subprocess.run(
        ["git", "ls-files", FOLDER], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert not [name for name in kept if "lock" in name or "node_modules" in name]


def test_everything_that_is_imported_is_in_the_list_of_packages() -> None:
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    sources = [*FOLDER.glob("*.ts"), *FOLDER.glob("*.mjs"), *(FOLDER / "src").rglob("*.ts*")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    found = set(re.findall(r"(?:from|import) '([^'.$][^']*)'", text))
    names = {"/".join(one.split("/")[: 2 if one[0] == "@" else 1]) for one in found}
    own = {one for one in names if not one.startswith("node:")}
    assert own <= set(package["dependencies"])
