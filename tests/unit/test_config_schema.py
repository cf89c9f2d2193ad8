"""What editors and `config` say of the configuration is what `check` says, for all examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bad_configs import BAD
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.config import presets, reference_doc
from inference_exporter.config.checks import Section
from inference_exporter.config.document import values
from inference_exporter.config.effective import MASKED, effective
from inference_exporter.config.json_schema import json_schema
from inference_exporter.config.schema import Config
from inference_exporter.config.thresholds import in_force
from inference_exporter.errors import ConfigError

ROOT = Path(__file__).parents[2]
SECTIONS = {one.title: one for one in vars(reference_doc).values() if isinstance(one, Section)}
VALIDATOR = jsonschema.Draft7Validator(json_schema())
_BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def _texts() -> Iterator[tuple[str, str]]:
    """Every whole configuration of the project, by where it is."""
    for path in (*ROOT.glob("tests/golden/**/config.yaml"), *ROOT.glob("deploy/**/config.yaml")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    for page in (ROOT / "README.md", *ROOT.glob("docs/**/*.md")):
        for at, block in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8"))):
            yield f"{page.relative_to(ROOT)} {at}", block
    for name in presets.names():
        yield name, f"models: {{m: {{logs: [l], format: {name}}}}}"


def _valid() -> dict[str, tuple[str, Config]]:
    found = {}
    for name, text in _texts():
        try:
            found[name] = text, config.parse(text, "config.yaml")
        except ConfigError:
            continue  # a piece of a configuration, or of another file
    return found


VALID = _valid()


def _keyed(value: Any) -> Any:
    """As JSON has it: every key is a text."""
    if isinstance(value, dict):
        return {str(key): _keyed(one) for key, one in value.items()}
    return [_keyed(one) for one in value] if isinstance(value, list) else value


def _faults(document: object) -> list[str]:
    return [one.message for one in VALIDATOR.iter_errors(_keyed(document))]


def test_there_are_examples_to_look_at() -> None:
    assert len(VALID) > 60


def test_the_schema_is_one() -> None:
    jsonschema.Draft7Validator.check_schema(json_schema())


def test_the_schema_takes_every_valid_configuration() -> None:
    for name, (text, _) in VALID.items():
        assert _faults(values(text)) == [], name


def test_the_schema_takes_the_example_of_every_key() -> None:
    whole = json_schema()
    for title, section in SECTIONS.items():
        name = re.sub(r"\W+", "_", title).strip("_")
        known = whole if title == "Top level" else whole["definitions"][name]
        assert list(known["properties"]) == [key.name for key in section.keys]
        for key in section.keys:
            schema = {**known["properties"][key.name], "definitions": whole["definitions"]}
            example = _keyed(yaml.safe_load(key.example)) if key.example else None
            if not isinstance(example, datetime):  # which JSON does not have
                jsonschema.Draft7Validator(schema).validate(example)


def test_the_schema_refuses_what_is_wrong_by_itself() -> None:
    """Unknown keys, other types, other words; it does not see what does not go together."""
    refused = []
    for name, (text, says) in BAD.items():
        try:
            document = values(text)
        except Exception:  # no YAML at all
            continue
        if _faults(document):
            refused.append(name)
        else:
            assert not any("unknown key" in one for one in says), name
    assert len(refused) > 0.5 * len(BAD)


def test_what_is_in_force_is_the_same_configuration_again() -> None:
    for name, (text, known) in VALID.items():
        again = config.parse(effective(text), "config.yaml")
        assert _alike(again) == _alike(known), name


def _alike(one: Config) -> Config:
    """Without what only the text decides, with all thresholds."""
    models = tuple(
        replace(model, preset=None, thresholds=in_force(model.thresholds)) for model in one.models
    )
    traces = one.traces and replace(one.traces, headers={})
    return replace(one, digest="", models=models, traces=traces)


def test_secrets_are_masked() -> None:
    text = """\
models: {m: {logs: [l]}}
traces: {endpoint: "http://me:secret@collector/v1", headers: {Authorization: Bearer secret}}
events: {loki: {endpoint: "https://a:secret@loki/push", headers: {X-Key: secret}}}
"""
    shown = effective(text)
    assert "secret" not in shown
    assert shown.count(MASKED) == 4
    config.parse(shown, "config.yaml")


def test_the_command_prints_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text("models: {m: {logs: [l]}}\n", encoding="utf-8")
    assert main(["config"]) == 0
    assert "    windows: [1h, 24h]  # default\n" in capsys.readouterr().out
    assert main(["config", "--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
    (tmp_path / "config.yaml").write_text("models: {m: {log: [l]}}\n", encoding="utf-8")
    assert main(["config"]) == 2
