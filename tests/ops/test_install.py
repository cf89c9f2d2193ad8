"""The exporter as a program of a machine: installed, hardened, beside a log that is rotated."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from exporter_process import total
from sidecar import Sidecar, line

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "systemd" / "inference-exporter.service"
# What pip would do takes minutes: the program is copied, what it needs is there already.
_PYTHON = """\
#!/bin/sh
if [ "$1 $2 $3" = "-m pip install" ]; then
  while [ "$1" != --target ]; do shift; done
  mkdir -p "$2" && exec cp -r {root}/exporter/inference_exporter "$2"
fi
exec {python} "$@"
"""


def _make(action: str, folder: Path) -> None:
    python = folder / "python3"
    python.write_text(_PYTHON.format(root=ROOT, python=sys.executable))
    python.chmod(0o755)
    given = {"PYTHON": str(python), "PREFIX": f"{folder}/usr", "SYSCONFDIR": f"{folder}/etc"}
    command = ["bash", str(ROOT / "scripts" / "install"), action]
    done = subprocess.run(
        command, env={**os.environ, **given}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_installing_again_changes_nothing_that_was_edited_and_uninstalling_leaves_it(
    tmp_path: Path,
) -> None:
    _make("install", tmp_path)
    program = tmp_path / "usr" / "bin" / "inference-exporter"
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("inference-exporter ")
    first = _files(tmp_path)
    assert {
        "usr/bin/inference-exporter",
        "usr/lib/systemd/system/inference-exporter.service",
        "usr/share/inference-exporter/rules/drift.rules.yaml",
        "usr/share/doc/inference-exporter/logrotate/create",
        "etc/inference-exporter/config.yaml",
        "etc/default/inference-exporter",
    } <= first
    unit = (tmp_path / "usr/lib/systemd/system/inference-exporter.service").read_text()
    assert f"ExecStart={program} run --config.file={tmp_path}/etc/" in unit
    config = tmp_path / "etc" / "inference-exporter" / "config.yaml"
    config.write_text("models: {}\n")
    (tmp_path / "usr/lib/inference-exporter/inference_exporter/gone.py").touch()  # of an older one
    _make("install", tmp_path)
    assert (_files(tmp_path), config.read_text()) == (first, "models: {}\n")
    _make("uninstall", tmp_path)
    assert {path for path in _files(tmp_path) if path != "python3"} == {
        "etc/inference-exporter/config.yaml", "etc/default/inference-exporter",
    }  # fmt: skip


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_the_unit_leaves_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("@sysconfdir@", "/etc")
    unit.write_text(text.replace("@bindir@/inference-exporter", sys.executable), encoding="utf-8")
    command = ["systemd-analyze", "security", "--offline=true", str(unit)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    (level,) = re.findall(r"Overall exposure level for .*: ([\d.]+)", said)
    assert float(level) < 2.0
    subprocess.run(["systemd-analyze", "verify", str(unit)], check=True)


@pytest.mark.skipif(shutil.which("logrotate") is None, reason="no logrotate here")
@pytest.mark.parametrize("style", ["create", "copytruncate"])
def test_rotation_as_in_the_example_loses_nothing_and_counts_nothing_twice(
    style: str, tmp_path: Path
) -> None:
    sidecar = Sidecar(tmp_path, "fields: {prediction: p}\nreference: {warmup: 1000}")
    text = (ROOT / "deploy" / "logrotate" / style).read_text(encoding="utf-8")
    text = text.replace("/var/log/model/predictions.jsonl", str(sidecar.log))
    text = text.replace("model adm", f"{os.getuid()} {os.getgid()}")
    # Nobody has to be told here, and there is no such service.
    text = re.sub(r"^ *postrotate.*endscript$", "", text, flags=re.DOTALL | re.MULTILINE)
    config = tmp_path / "logrotate.conf"
    config.write_text(text, encoding="utf-8")
    config.chmod(0o644)
    for turn in range(3):
        sidecar.reads(*(line(p=f"{turn}") for _ in range(10)))
        with sidecar.log.open("ab") as log:  # not read yet when it is rotated
            log.write(line(p="late"))
        command = ["logrotate", "--force", f"--state={tmp_path}/state", str(config)]
        subprocess.run(command, check=True)
    sidecar.reads(line(p="end"))
    assert total(sidecar.page(), "inference_predictions_total") == 3 * 11 + 1
