"""Write the generated pages of docs/ anew; `--check` only says whether they are fresh."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from scripts import architecture

from inference_exporter.cli import reference_doc as command_line
from inference_exporter.config import mapping_doc as mapping
from inference_exporter.config import presets_doc as presets
from inference_exporter.config import reference_doc as configuration
from inference_exporter.exposition import metrics_doc
from inference_exporter.statistics import reference_doc as statistics

DOCS = Path(__file__).parent.parent / "docs"
PAGES: dict[str, Callable[[], str]] = {
    "architecture.md": architecture.render,
    "command-line.md": command_line.render,
    "configuration.md": configuration.render,
    "mapping.md": mapping.render,
    "metrics.md": metrics_doc.render,
    "presets.md": presets.render,
    "statistics.md": statistics.render,
}


def main(arguments: list[str]) -> int:
    """Exit code 1 if `--check` finds a page that is not fresh."""
    stale = [name for name, render in PAGES.items() if _text(name) != render()]
    if "--check" not in arguments:
        for name in stale:
            (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
            sys.stdout.write(f"docs/{name} written\n")
        return 0
    for name in stale:
        sys.stderr.write(f"docs/{name} is not what the code says: run make docs\n")
    return 1 if stale else 0


def _text(name: str) -> str:
    page = DOCS / name
    return page.read_text(encoding="utf-8") if page.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
