"""Triton's trace files: complete ones in a folder, one that has no end yet, and any bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.cli import main
from inference_exporter.formats.peeling.records import triton_traces
from shapes import PRESETS

TRACES = [line if line.endswith("]") else f"{line}]" for line in PRESETS["triton-trace"].lines]
CONFIG = """\
models:
  m:
    logs: ['trace.json*']
    start_at: beginning
    format: triton-trace
    {more}
"""


def test_complete_files_of_a_folder_are_read_once_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, text in enumerate(TRACES):
        (tmp_path / f"trace.json.{number}").write_text(text)  # without a line end, as Triton does
    (tmp_path / "config.yaml").write_text(CONFIG.format(more="source: batch"))
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    page = capsys.readouterr().out
    assert 'inference_requests_total{model="m",version="3",code="ok"} 4.0' in page
    assert 'step="inference"} 0.024' in page


def test_one_model_of_several_is_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = [record | {"id": 100 + record["id"]} for record in json.loads(TRACES[0])]
    for record in other:
        if "model_name" in record:
            record["model_name"] = "ensemble"
    (tmp_path / "trace.json").write_text(f"{TRACES[0]}\n{json.dumps(other)}\n")
    (tmp_path / "config.yaml").write_text(CONFIG.format(more="when: {model_name: ensemble}"))
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    assert 'version="3",code="ok"} 3.0' in capsys.readouterr().out


def test_check_shows_what_a_trace_is_and_what_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trace.json").write_text(TRACES[0])
    (tmp_path / "config.yaml").write_text(CONFIG.format(more="windows: [1h]"))
    arguments = [f"--config.file={tmp_path / 'config.yaml'}", f"--sample={tmp_path / 'trace.json'}"]
    assert main(["check", *arguments]) == 0
    said = capsys.readouterr().out
    assert "latency" in said
    assert "0.01 s" in said
    assert "such a log lacks features and predictions" in said
    assert main(["check", *arguments, "--explain=1"]) == 0
    assert '"QUEUE_START"' in capsys.readouterr().out


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(["id", "timestamps", "name", "ns", "model_name"]), below, max_size=4
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_json, max_size=4), st.booleans())
def test_any_records_are_read_or_stay_as_they_are(records: list[Any], closed: bool) -> None:
    text = json.dumps(records)
    block = f"{text if closed else text[:-1]}\n".encode()
    assert triton_traces(block).count(b"\n") >= 1 or block.strip() in (b"[]", b"[")
