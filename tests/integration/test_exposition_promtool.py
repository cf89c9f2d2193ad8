"""Prometheus's own tools on our pages and on the queries in our documentation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from exposition_certificates import authority, issued
from exposition_pages import full_snapshot
from inference_exporter.exposition import webconfig
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


def test_the_web_configuration_of_the_documentation_is_one(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(tls_server_config:.*?)```", text, re.DOTALL)
    (tmp_path / "web.yaml").write_text(example, encoding="utf-8")
    ca = authority(tmp_path, "client-ca")
    issued(tmp_path, "server", ca)
    assert len(webconfig.load(str(tmp_path / "web.yaml")).users) == 2
    checked = _promtool("check", "web-config", str(tmp_path / "web.yaml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
