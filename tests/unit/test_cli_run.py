"""`run` before there is anything to run."""

from __future__ import annotations

import subprocess
import sys

_TOLD_WHILE_IMPORTING = """
import os, signal, sys

class Importing:
    def find_spec(self, name, path, target=None):
        if name == "inference_exporter.app":
            os.kill(os.getpid(), signal.SIGTERM)

sys.meta_path.insert(0, Importing())
from inference_exporter.cli import main
sys.exit(main(["run"]))
"""


def test_a_stop_while_it_still_imports_is_not_lost() -> None:
    command = [sys.executable, "-c", _TOLD_WHILE_IMPORTING]
    assert subprocess.run(command, check=False, timeout=60).returncode == 0
