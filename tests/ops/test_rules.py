"""The shipped rules against promtool: every alert fires where it must and is silent elsewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from alert_rules.ruleset import names
from alert_rules.ruleset.alerts import FILES
from alert_rules.ruleset.render import files
from alert_rules.ruleset.settings import Settings

import rule_files
from inference_exporter.config.budget import parts
from inference_exporter.config.thresholds import THRESHOLDS, in_force
from inference_exporter.families import FAMILIES
from inference_exporter.performance.scores import SCORE_BINS
from inference_exporter.reference.profiling import grid
from inference_exporter.results import gauges
from inference_exporter.statistics import rule_quantiles

RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
LABELS = {label for family in FAMILIES.values() for label in family.labels} | {
    *names.KEEP, "instance", "le",
}  # fmt: skip
HERE = Path(__file__).parent / "rules"
FILES_OF_STORIES = sorted(path.name for path in HERE.glob("*.test.yaml"))
TOPICS = sorted({name.partition(".")[0] for name in FILES_OF_STORIES})


def promtool(*arguments: str) -> str:
    answer = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout


@pytest.mark.server
def test_promtool_accepts_every_rule() -> None:
    output = promtool("check", "rules", *map(str, rule_files.FOLDER.glob("*.rules.yaml")))
    assert output.count("SUCCESS") == 1 + len(FILES)


@pytest.mark.server
@pytest.mark.parametrize("name", FILES_OF_STORIES)
def test_alerts_fire_and_are_silent_as_the_stories_say(name: str, tmp_path: Path) -> None:
    """The rules are the shipped ones, less the recordings that no alert of the topic needs."""
    topic = name.partition(".")[0]
    wanted = rule_files.groups(topic)
    recordings = rule_files.needed_by(rule for group in wanted for rule in group["rules"])
    rules = {"groups": [*recordings, *wanted]}
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules, width=1000), encoding="utf-8")
    stories = (HERE / name).read_text(encoding="utf-8")
    text = re.sub(r"rule_files: .*", "rule_files: [rules.yaml]", stories, count=1)
    (tmp_path / "test.yaml").write_text(text, encoding="utf-8")
    promtool("test", "rules", str(tmp_path / "test.yaml"))


@pytest.mark.server
def test_a_drift_alert_says_which_way_and_which_bins_moved_most(tmp_path: Path) -> None:
    """How many rows it saw depends on which group promtool evaluates first; the rest is exact."""
    rules = rule_files.alerts("drift")
    groups = [*rule_files.needed_by(rules), *rule_files.groups("drift")]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, width=1000), "utf-8")
    stories = yaml.safe_load((HERE / "drift.test.yaml").read_text("utf-8"))["tests"]
    story = next(one for one in stories if "two teams" in one["name"])
    nothing = {"alertname": "InferenceFeatureDrift", "eval_time": "80m", "exp_alerts": []}
    story = {key: story[key] for key in ("interval", "input_series")}
    test = {
        "rule_files": ["rules.yaml"], "evaluation_interval": "1m",
        "tests": [story | {"alert_rule_test": [nothing]}],
    }  # fmt: skip
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test, width=1000), "utf-8")
    answer = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    texts = re.findall(r'description="(.*?)", \w+_url=', answer.stdout + answer.stderr)
    assert len(texts) == 1, answer.stdout + answer.stderr
    assert re.fullmatch(
        r"Significant and large drift of version 1; the limit of the PSI is 0\.1\. "
        r"In a full window of 1h it was 0\.2\d+ over [14]\.\d+k rows; "
        r"noise alone reaches 0\.0\d+\. "
        r"Of 100 pairs of a live and a reference value the live one is the higher in 6[23]\. "
        r"Moved most: \+15\.0 points of the rows in \(3, \+Inf\), "
        r"-1[45]\.\d points of the rows in \(-Inf, 1\]\. "
        r"It has 40% of the importance that inputs have for the model\.",
        texts[0],
    ), texts[0]


def test_every_alert_has_a_story_in_which_it_fires() -> None:
    for topic in TOPICS:
        files = (yaml.safe_load(path.read_text("utf-8")) for path in HERE.glob(f"{topic}.*"))
        stories = [story for one in files for story in one["tests"]]
        firing = {
            name
            for story in stories
            for check in story["promql_expr_test"]
            if check["exp_samples"]
            for name in re.findall(r'alertname="(\w+)"', check["expr"])
        }
        silent = [
            check
            for story in stories
            for check in story["promql_expr_test"]
            if not check["exp_samples"]
        ]
        assert {rule["alert"] for rule in rule_files.alerts(topic)} <= firing
        assert len(silent) >= len(firing)


def test_the_files_are_what_the_program_writes() -> None:
    shipped = {
        path.name: path.read_text("utf-8") for path in rule_files.FOLDER.glob("*.rules.yaml")
    }
    assert shipped == files(Settings())


def test_no_rule_names_a_metric_or_label_that_nobody_emits() -> None:
    """Names are the exporter's, recorded or Prometheus's own; labels those of the families."""
    recorded = {
        rule["record"] for group in rule_files.groups("recording") for rule in group["rules"]
    }
    for topic in ("recording", *FILES):
        for rule in (rule for group in rule_files.groups(topic) for rule in group["rules"]):
            for name in rule_files.words(rule):
                base = re.sub(r"_(bucket|sum|count)$", "", name)
                if name.startswith(("inference_", "model_", "model:")):
                    assert {name, base} & {*recorded, *FAMILIES}, (name, rule)
            labels = set(re.findall(r'[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*(?:"|%q)', rule["expr"]))
            by = re.findall(r"(?:by|on|ignoring) \(([\w, ]*)\)", rule["expr"])
            labels |= {one.strip() for part in by for one in part.split(",") if one.strip()}
            assert labels <= LABELS, (labels - LABELS, rule["expr"])


def test_every_recorded_name_is_used_or_documented_by_its_form() -> None:
    for group in rule_files.groups("recording"):
        for rule in group["rules"]:
            assert re.fullmatch(r"model\w*:inference_\w+:\w+", rule["record"])


def test_every_alert_tells_what_how_much_and_where_to_read_on() -> None:
    for topic in FILES:
        for rule in rule_files.alerts(topic):
            notes, labels = rule["annotations"], rule["labels"]
            about_a_model = "urlquery" in notes.get("logs_url", "")
            links = {"logs_url", "traces_url"} if about_a_model else set()
            assert set(notes) == {"summary", "description", "runbook_url", "dashboard_url"} | links
            assert about_a_model == ("model=" in notes["dashboard_url"])
            assert labels["severity"] in {"critical", "warning", "info", "none"}
            assert labels["topic"] == topic
            assert "{{ $value }}" not in notes["description"]  # always humanized
            page = RUNBOOKS / f"{rule['alert']}.md"
            assert notes["runbook_url"].endswith(f"/docs/runbooks/{page.name}")
            titles = re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE)
            assert titles == ["Meaning", "Impact", "Diagnosis", "Mitigation"], page.name
    pages = {path.stem for path in RUNBOOKS.glob("Inference*.md")}
    assert pages == {rule["alert"] for topic in FILES for rule in rule_files.alerts(topic)}


def test_every_threshold_in_a_rule_can_be_configured_and_has_a_default() -> None:
    named = {
        name
        for topic in ("recording", *FILES)
        for group in rule_files.groups(topic)
        for rule in group["rules"]
        for name in re.findall(r'name="(\w+)"', rule["expr"])
    }
    assert named <= set(THRESHOLDS) | set(parts({}))
    without = named - set(in_force({})) - set(parts({}))
    # Nobody knows beforehand who wants a second alert about what matters most.
    assert without == {"drifted_importance_ratio"}


def test_the_unrolled_bins_are_as_many_as_a_reference_can_have() -> None:
    assert grid.BINS <= names.CELLS
    assert SCORE_BINS == names.SCORE_BINS
    assert names.LOOKS_PER_MONTH == rule_quantiles.LOOKS_PER_MONTH
    assert names.LEAST_ROWS == gauges.MIN_SAMPLES
    assert names.LEAST_ROWS_PER_BIN == gauges.MIN_SAMPLES_PER_BIN
