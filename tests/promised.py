"""What docs/stability.md promises of metrics and configuration, as lists that can be compared.

    PYTHONPATH=exporter:tests python -m promised > tests/contract/promised-0.2.json

writes it anew: only before 0.2.0 is released, or for another major version.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from inference_exporter.config import reference_doc
from inference_exporter.families import FAMILIES

FILE = Path(__file__).parent / "contract" / "promised-0.2.json"


def metrics() -> dict[str, list[str]]:
    """Kind and labels of every family."""
    return {name: [one.kind, *one.labels] for name, one in sorted(FAMILIES.items())}


def keys() -> list[str]:
    """Every key, below the heading of its section."""
    section, found = "", []
    for line in reference_doc.render().splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif match := re.match(r"\| `([^`]+)` \|", line):
            found.append(f"{section}: {match[1]}")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"metrics": metrics(), "keys": keys()}, indent=1) + "\n")
