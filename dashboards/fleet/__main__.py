"""Make the history of a synthetic fleet and serve it: `python -m dashboards.fleet --help`.

The first call takes some minutes; a folder that is there already is served at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from pathlib import Path

from dashboards.fleet.history import fill, prometheus
from dashboards.fleet.scenarios import HOURS, MOMENTS, SCENARIOS


def main() -> int:
    """Fill it, say how to look at it, and serve until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m dashboards.fleet", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path(".fleet"), metavar="FOLDER")
    parser.add_argument("--port", type=int, default=9090)
    parser.add_argument(
        "--only", action="append", choices=SCENARIOS, metavar="NAME",
        help=f"of {', '.join(SCENARIOS)}; may be repeated",
    )  # fmt: skip
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    about = options.output / "fleet.json"
    with prometheus(options.output / "prometheus", options.port) as (url, _):
        if not about.exists():
            begin = time.time() // 3600 * 3600 - HOURS * 3600
            names = options.only or list(SCENARIOS)
            fill(url, options.output / "models", names, begin)
            about.write_text(json.dumps({"begin": begin, "names": names}), encoding="utf-8")
        _say(url, **json.loads(about.read_text(encoding="utf-8")))
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


def _say(url: str, begin: float, names: list[str]) -> None:
    start = int(begin * 1000)
    print(f"{url} has the namespaces {', '.join(names)}")
    for moment, minute in MOMENTS.items():
        print(f"{moment:10} --from {start} --to {start + minute * 60_000}")
    print('make preview PREVIEW_ARGS="--prometheus …" draws it; Ctrl-C ends it', flush=True)


if __name__ == "__main__":
    sys.exit(main())
