"""Prometheus's own tools on our pages and on the queries in our documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exposition_pages import full_snapshot
from inference_exporter.exposition.metrics_doc import render
from inference_exporter.exposition.text import render_text

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here"),
]


def _promtool(*arguments: str, page: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["promtool", *arguments], input=page, capture_output=True, check=False, timeout=60
    )


def test_promtool_finds_nothing_wrong_with_a_page_of_all_families() -> None:
    checked = _promtool("check", "metrics", page=render_text(full_snapshot()))
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_queries_in_the_documentation_are_promql(tmp_path: Path) -> None:
    queries = re.findall(r"```promql\n(.*?)```", render(), re.DOTALL)
    assert len(queries) >= 4
    rules = "groups:\n- name: documentation\n  rules:\n"
    for number, query in enumerate(queries):
        indented = "".join(f"      {line}\n" for line in query.splitlines())
        rules += f"  - record: query:{number}\n    expr: |\n{indented}"
    (tmp_path / "rules.yaml").write_text(rules, encoding="utf-8")
    checked = _promtool("check", "rules", str(tmp_path / "rules.yaml"))
    assert checked.returncode == 0, checked.stderr.decode()
