"""The page about the configuration and the tables that validate are the same thing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from inference_exporter import config
from inference_exporter.config import mapping_doc, reference_doc, schema
from inference_exporter.config.checks import Section
from inference_exporter.config.compared_versions import CompareVersions
from inference_exporter.config.fields import FIELDS
from inference_exporter.config.models import LIMITS, MODEL
from inference_exporter.config.top import TOP
from inference_exporter.config.versions import COMPARE_VERSIONS

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
_MADE_OTHERWISE = {"name", "path", "digest", "preset", "owner"}
_ONLY_IN_THE_FILE = {"pattern", "columns", "delimiter", "decimal", "quote", "multiline"}


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference_doc.render()


def test_the_page_about_the_mapping_language_is_fresh() -> None:
    page = PAGE.with_name("mapping.md").read_text(encoding="utf-8")
    assert page == mapping_doc.render()
    blocks = page.split("```yaml\n")[1:]
    assert len(blocks) == 10
    for block in blocks:
        text = "\n".join(f"    {line}" for line in block.split("```")[0].splitlines())
        config.parse(f"models:\n  m:\n    logs: [l]\n{text}\n", "c.yaml")


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        (TOP, schema.Config),
        (MODEL, schema.ModelConfig),
        (FIELDS, schema.Fields),
        (LIMITS, schema.Limits),
        (COMPARE_VERSIONS, CompareVersions),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_setting_has_a_key_and_every_key_a_setting(section: Section, kind: type) -> None:
    keys = {key.name for key in section.keys} - _ONLY_IN_THE_FILE
    assert keys == {field.name for field in dataclasses.fields(kind)} - _MADE_OTHERWISE


@pytest.mark.parametrize(
    "section", [TOP, MODEL, FIELDS, LIMITS, COMPARE_VERSIONS], ids=lambda section: section.title
)
def test_every_example_is_valid(section: Section) -> None:
    for key in section.keys:
        if key.example:
            key.check(yaml.safe_load(key.example))


def test_the_example_at_the_top_of_the_page_is_valid() -> None:
    text = reference_doc.render().split("```yaml\n")[1].split("```")[0]
    assert config.parse(text, "c.yaml").models[0].name == "credit-risk"
