"""The messages are the user interface of a configuration: one bad text each, and what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bad_configs import BAD
from inference_exporter import config
from inference_exporter.config.models import MODEL
from inference_exporter.errors import ConfigError


def messages(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config.parse(text, "c.yaml")
    return str(caught.value).splitlines()


@pytest.mark.parametrize("name", BAD)
def test_a_bad_text_gives_exactly_these_messages(name: str) -> None:
    text, expected = BAD[name]
    assert messages(text) == [f"c.yaml: {message}" for message in expected]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "none.yaml")
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert str(caught.value) == f"{path}: no such file"
    assert caught.value.exit_code == 2


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a file, this is a folder"):
        config.load(str(tmp_path))


def test_bytes_that_are_not_utf8_are_reported_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("models: {ä: {}}".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"expected UTF-8 text: invalid .* at byte 9"):
        config.load(str(path))


def test_an_unreadable_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        config.load(str(tmp_path / ("x" * 300)))


def test_a_control_character_is_no_yaml() -> None:
    assert messages("models: \a\n") == [
        "c.yaml: not YAML: unacceptable character #x0007: special characters are not allowed"
    ]


def test_an_alias_of_a_node_around_it_ends() -> None:
    assert messages("models: &m {a: *m}\n") == [
        "c.yaml: models.a.a: unknown key; expected one of " + ", ".join(k.name for k in MODEL.keys),
        "c.yaml: models.a.logs: missing; expected a path, a glob or a list of them, or receive",
    ]


def test_problems_carry_file_and_key() -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse("models: {m: {logs: a, windows: [1h, soon]}}", "c.yaml")
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == ("c.yaml", "models.m.windows[1]")
