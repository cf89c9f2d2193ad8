"""Prometheus and Alertmanager for the demo: their configuration, commands and addresses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import inference_exporter
from inference_exporter.demo.data import MODEL_NAME
from inference_exporter.demo.server import HOST


@dataclass(frozen=True, slots=True)
class Query:
    """A question worth asking, in words and in PromQL."""

    title: str
    promql: str

    def address(self, base: str) -> str:
        """Where Prometheus draws it."""
        return f"{base}/graph?g0.expr={quote(self.promql, safe='')}&g0.tab=0&g0.range_input=15m"


QUERIES = (
    Query("PSI by feature", 'inference_feature_drift{statistic="psi",window="2m"}'),
    Query("requests a second", "sum by (code) (rate(inference_requests_total[1m]))"),
    Query(
        "accuracy and recall",
        'inference_performance{class=~"|default",metric=~"accuracy|recall",window="2m",segment=""}',
    ),
    Query(
        "accuracy by segment",
        'inference_performance{metric="accuracy",window="2m",segment!=""}',
    ),
    Query(
        "income, share of each bin",
        "sum by (bin) (rate(inference_feature_bin_total{feature='income'}[2m])) / ignoring(bin) "
        "group_left sum(rate(inference_feature_bin_total{feature='income'}[2m]))",
    ),
)


def find_rules() -> Path | None:
    """The folder of alert rules in the checkout or where the demo was called, if it has any."""
    checkout = Path(inference_exporter.__file__).parents[2]
    for place in (checkout, Path.cwd()):
        folder = place / "alert_rules"
        if rule_files(folder):
            return folder
    return None


def quicker_rules(rules: Path, output: Path) -> Path | None:
    """The same rules twenty times as fast: an hour's drift is seen in minutes. None without them.

    A checkout has the program that writes them; elsewhere rules are taken as they are.
    """
    output.mkdir(exist_ok=True)
    command = (
        sys.executable, "-m", "alert_rules.generate", f"--output={output}",
        "--speed=20", "--inner=25s", "--least=5",
    )  # fmt: skip
    ended = subprocess.run(command, cwd=rules.parent, capture_output=True, check=False)
    return output if ended.returncode == 0 and rule_files(output) else None


def rule_files(folder: Path) -> list[Path]:
    """The rule files directly in a folder."""
    return sorted((*folder.glob("*.rules.yaml"), *folder.glob("*.rules.yml")))


def find_program(*names: str) -> str | None:
    """The first of the programs that is installed; Debian prefixes Alertmanager's name."""
    return next((path for path in map(shutil.which, names) if path), None)


def configuration(exporter: int, alertmanager: int | None, rules: Path | None) -> str:
    """A prometheus.yml; JSON strings are YAML strings, so paths need no other quoting."""
    text = f"""\
# Written by `inference-exporter demo`: short intervals, to see something soon.
global:
  scrape_interval: 5s
  evaluation_interval: 5s
scrape_configs:
  - job_name: inference-exporter
    static_configs:
      - targets: ["{HOST}:{exporter}"]
        labels: {{demo: {MODEL_NAME}}}
"""
    if rules is not None:
        files = ", ".join(json.dumps(str(file)) for file in rule_files(rules))
        text += f"rule_files: [{files}]\n"
    if alertmanager is not None:
        targets = f'[{{static_configs: [{{targets: ["{HOST}:{alertmanager}"]}}]}}]'
        text += f"alerting:\n  alertmanagers: {targets}\n"
    return text


def prometheus_command(program: str, config: Path, data: Path, port: int) -> Sequence[str]:
    """How Prometheus is started."""
    return (
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=1d",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}",  # else links name this machine, not loopback
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    )


ALERTMANAGER_CONFIG = """\
# Written by `inference-exporter demo`: alerts are shown, nobody is told.
route:
  {receiver: nobody, group_by: [namespace, job, model], group_wait: 5s, group_interval: 30s}
receivers: [{name: nobody}]
"""


def alertmanager_command(program: str, config: Path, data: Path, port: int) -> Sequence[str]:
    """How Alertmanager is started; the empty cluster address keeps it from looking for peers."""
    return (
        program,
        f"--config.file={config}",
        f"--storage.path={data}",
        f"--web.listen-address={HOST}:{port}",
        f"--web.external-url=http://{HOST}:{port}",  # else links name this machine, not loopback
        "--cluster.listen-address=",
        "--log.level=warn",
    )
