"""Where the model of a version is from, as a label of `inference_model_info`."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_exporter.assembly import load_all
from inference_exporter.config.schema import ModelUris
from inference_exporter.errors import ConfigError
from inference_exporter.model.parts.origin import OriginPart
from sidecar import NOW, Sidecar, line

FIELDS = "fields: {timestamp: t, version: v, prediction: p, model_uri: uri}"


def _uris(sidecar: Sidecar) -> dict[str, str]:
    page = sidecar.page()
    infos = [dict(labels) for name, labels in page if name == "inference_model_info"]
    return {one["version"]: one.get("model_uri", "") for one in infos}


def _lines(*rows: tuple[str, str | None]) -> list[bytes]:
    return [line(t=NOW, v=version, p="a", uri=uri) for version, uri in rows]


def test_the_last_uri_of_each_version_in_the_log(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS)
    sidecar.reads(*_lines(("1", "runs:/a"), ("2", "runs:/b"), ("1", "runs:/c"), ("2", None)))
    assert _uris(sidecar) == {"1": "runs:/c", "2": "runs:/b"}
    sidecar.reads(*_lines(("1", None), ("3", None)))
    assert _uris(sidecar) == {"1": "runs:/c", "2": "runs:/b", "3": ""}


def test_what_the_configuration_says_stands_until_the_log_says_something(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "model_uri: 'models:/credit/{version}'\n" + FIELDS)
    sidecar.reads(*_lines(("1", None), ("2", "runs:/b")))
    assert _uris(sidecar) == {"1": "models:/credit/1", "2": "runs:/b"}


def test_versions_that_are_named_in_the_configuration(tmp_path: Path) -> None:
    fields = "fields: {timestamp: t, version: v, prediction: p}"
    sidecar = Sidecar(tmp_path, "model_uri: {1: 'runs:/a'}\n" + fields)
    sidecar.reads(*_lines(("1", "not read"), ("2", None)))
    assert _uris(sidecar) == {"1": "runs:/a", "2": ""}


def test_a_long_one_is_cut(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS)
    sidecar.reads(*_lines(("1", "s" * 600)))
    assert _uris(sidecar) == {"1": "s" * 512}


def test_what_the_log_said_is_kept(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, FIELDS)
    sidecar.reads(*_lines(("1", "runs:/a"), ("2", "runs:/b")))
    again = Sidecar(tmp_path, FIELDS, sidecar.store)
    again.reads()
    assert _uris(again) == {"1": "runs:/a", "2": "runs:/b"}


def test_what_is_kept_and_damaged_is_said() -> None:
    part = OriginPart(ModelUris())
    assert part.restore({"origins": b"\xc1"}, NOW)[0].startswith("damaged URIs of models")
    assert part.take_changes() == ({}, set())


def test_it_is_no_label_of_who_did_not_ask(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "fields: {timestamp: t, version: v, prediction: p}")
    sidecar.reads(*_lines(("1", "runs:/a")))
    assert "model_uri" not in sidecar.text()


@pytest.mark.parametrize("value", ["''", "[a]", "{1: ''}", "7"])
def test_what_it_cannot_be_is_said(tmp_path: Path, value: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(f"models: {{m: {{logs: [log], model_uri: {value}}}}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"models\.m\.model_uri"):
        load_all(str(path))
