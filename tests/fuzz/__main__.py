"""Any bytes into what reads logs, led by coverage: `python tests/fuzz TARGET [libFuzzer's flags]`.

Needs Atheris (`pip install -e .[fuzz]`), which is no part of the tests that run every time. It
looks for what raises, hangs or grows: `-max_total_time=600`, `-rss_limit_mb=1024` and `-timeout=10`
say when. A finding is written to a file `crash-…`; the same command with this file repeats it.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

FLAGS = ("-max_len=4096", "-timeout=20", "-rss_limit_mb=2048")


def main(arguments: list[str]) -> None:
    """Fuzz one target until libFuzzer is told to stop, or finds something."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["inference_exporter"]):
        targets = importlib.import_module("targets")
    table: dict[str, Callable[[bytes], None]] = targets.TARGETS
    if len(arguments) < 2 or arguments[1] not in table:
        sys.exit(f"usage: python tests/fuzz {{{','.join(table)}}} [flags of libFuzzer] [files]")
    name, rest = arguments[1], arguments[2:]
    if not [one for one in rest if not one.startswith("-")]:
        rest = [*rest, corpus(name)]
    atheris.Setup([arguments[0], *FLAGS, *rest], table[name])
    atheris.Fuzz()


def corpus(name: str) -> str:
    """A folder of logs to begin with: those of the tests."""
    folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
    seeds: dict[str, bytes] = importlib.import_module("targets").seeds(name)
    for key, content in seeds.items():
        (folder / key).write_bytes(content)
    return str(folder)


if __name__ == "__main__":
    main(sys.argv)
