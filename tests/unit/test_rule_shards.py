"""Recording rules in shards of models, and without what only dashboards ask for."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from alert_rules import generate
from alert_rules.ruleset import needed, recording, shards
from alert_rules.ruleset.alerts import FILES
from alert_rules.ruleset.settings import Settings

import rule_files

NAMES = ("credit-risk", "credit-risk-v2", "FRAUD", "churn_7", "modèle", "x", "", "a.b\n", "q-03")
_PART = re.compile(r'model(=~|!~)"([^"]*)"')


def chosen(matcher: str, name: str) -> bool:
    """What Prometheus would say; its expressions are anchored, and a dot is any character."""
    parts = _PART.findall(matcher)
    return all(
        bool(re.fullmatch(pattern, name, re.DOTALL)) == (how == "=~") for how, pattern in parts
    )


@pytest.mark.parametrize("given", [["1"], ["2"], ["7"], ["20"], ["credit.*", ".*-v2", "x|y"]])
def test_every_model_is_in_exactly_one_shard(given: list[str]) -> None:
    every = shards.matchers(shards.patterns(given))
    for name in NAMES:
        assert sum(chosen(one, name) for one in every) == 1, (name, every)


def test_numbered_models_are_in_shards_of_the_same_size_where_ten_can_be_shared() -> None:
    every = shards.matchers(shards.patterns(["5"]))
    names = [f"model-{number:03d}" for number in range(200)]
    sizes = Counter(one for name in names for one in every if chosen(one, name))
    assert set(sizes.values()) == {40}


def test_every_selector_of_every_rule_is_narrowed_and_nothing_else_is_changed() -> None:
    groups, series = recording.groups(Settings()), rule_files.series()
    mark = 'model=~"MARK"'
    for group, narrow in zip(groups, shards.sharded(groups, 3, mark), strict=True):
        assert narrow.name == f"{group.name}-3"
        for rule, narrowed in zip(group.rules, narrow.rules, strict=True):
            back = narrowed.expr.replace(f"{{{mark}}}", "").replace(f"{mark}, ", "")
            assert back == rule.expr
            selectors = len(rule_files.words({"expr": rule.expr}) & series)
            assert narrowed.expr.count(mark) >= selectors > 0
            assert not re.search(r"\{(?!model=~\"MARK\")", narrowed.expr)


def test_the_rules_that_alerts_need_are_those_that_the_stories_are_tried_with() -> None:
    alerts = [alert for of in FILES.values() for alert in of(Settings())]
    kept = needed.by(alerts, recording.groups(Settings()))
    rules = [rule for topic in FILES for rule in rule_files.alerts(topic)]
    expected = {rule["record"] for group in rule_files.needed_by(rules) for rule in group["rules"]}
    assert {rule.name for group in kept for rule in group.rules} == expected
    assert "model_version_feature:inference_feature_drift:state" in expected


def test_another_number_of_shards_leaves_no_rules_of_the_one_before(tmp_path: Path) -> None:
    """Else models would be evaluated twice; a file of somebody else stays."""
    mine = tmp_path / "recording-mine.rules.yaml"
    mine.write_text("groups: []\n", encoding="utf-8")
    assert generate.main(["--output", str(tmp_path), "--shards", "3", "--only-for-alerts"]) == 0
    assert generate.main(["--output", str(tmp_path), "--shards", "2", "--only-for-alerts"]) == 0
    found = {path.name for path in tmp_path.glob("recording*")}
    assert found == {
        "recording-1-of-2.rules.yaml", "recording-2-of-2.rules.yaml", mine.name,
    }  # fmt: skip


@pytest.mark.parametrize("given", [["0"], ["99"], ['a"b'], ["a{2}"], ["("]])
def test_shards_that_cannot_be_are_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        generate.main(["--shards", *given])
    assert "--shards" in capsys.readouterr().err
