"""Trains the demo's model and builds its reference profile, once; later starts keep them."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

from inference_exporter.demo.data import Model, train, write_reference

DEMO = Path("/demo")


def main() -> int:
    """Write model.pickle and reference.json."""
    profile, table = DEMO / "reference.json", DEMO / "reference.csv"
    if profile.exists():
        return 0
    pipeline = train()
    (DEMO / "model.pickle").write_bytes(pickle.dumps(pipeline))
    write_reference(table, Model(pipeline))
    command = [
        "inference-exporter", "reference", "build", str(table),
        "--config.file=/etc/inference-exporter/config.yaml", f"--output={profile}",
    ]  # fmt: skip
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
