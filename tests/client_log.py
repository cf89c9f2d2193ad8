"""Logs written by the client in `client/`, and what the exporter counts in them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from exporter_process import Series, parse
from inference_exporter.assembly import read_once
from inference_exporter.exposition.text import render_text

ROOT = Path(__file__).parents[1]
CONFIG = """\
models:
  m:
    logs: [logs/predictions*.jsonl]
    format: inference-log
    start_at: beginning
    task: classification
    reference: {warmup: 100000}
"""


def counted(folder: Path, config: str = CONFIG) -> Series:
    """The page of `once` on `folder/logs`."""
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return parse(render_text(read_once(str(folder / "config.yaml"))).decode())


def records(folder: Path, kind: str | None = "prediction") -> list[dict[str, Any]]:
    """What the files of `folder/logs` hold, in the order of their names."""
    files = sorted((folder / "logs").glob("predictions*"))
    lines = [line for file in files for line in file.read_bytes().split(b"\n")[:-1]]
    found = [json.loads(line) for line in lines]
    return [one for one in found if kind in (None, one["kind"])]


def python(folder: Path, script: str, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a script that uses the client in a process of its own, in the folder."""
    return subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script],
        cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT / "client")},
        capture_output=True, text=True, timeout=60, check=check,
    )  # fmt: skip
