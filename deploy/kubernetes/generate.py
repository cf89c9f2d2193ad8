"""Write the rule files as PrometheusRule objects, and link them into the Helm chart.

`--check` only says whether they are fresh.

python -m deploy.kubernetes.generate [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.helm import generate as chart

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "monitoring" / "rules"
_HEAD = """\
# Written by `python -m deploy.kubernetes.generate` from alert_rules/; edit nothing here.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: inference-{name}
  labels: {{app.kubernetes.io/name: inference-exporter, role: alert-rules}}
spec:
"""


def objects() -> Mapping[str, str]:
    """One object per rule file; its text is that of the file, indented."""
    files = sorted((ROOT / "alert_rules").glob("*.rules.yaml"))
    return {f"{_name(file)}.yaml": _object(file) for file in files}


def _name(file: Path) -> str:
    return file.name.removesuffix(".rules.yaml")


def _object(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    body = "\n".join(f"  {line}" if line else "" for line in lines)
    return f"{_HEAD.format(name=_name(file))}{body}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if `--check` finds a file that is not fresh."""
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    FOLDER.mkdir(exist_ok=True)
    stale = {name: text for name, text in objects().items() if _text(FOLDER / name) != text}
    for name, text in stale.items():
        if check:
            sys.stderr.write(f"{FOLDER / name} is not fresh: run make rules\n")
        else:
            (FOLDER / name).write_text(text, encoding="utf-8")
            sys.stdout.write(f"{FOLDER / name} written\n")
    linked = chart.main(["--check"] if check else [])
    return 1 if stale and check else linked


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
