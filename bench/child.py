"""Programs that are run to their end: what they print, and the CPU and memory they used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parent.parent
_LAUNCHER = Path(__file__).with_name("launcher.py")
_LONGEST = 600  # seconds; nothing here takes a tenth of it


class Usage(msgspec.Struct, frozen=True):
    """User and system CPU seconds of all threads, peak resident memory, exit code."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    code: int


def environment() -> dict[str, str]:
    """The environment without settings of the developer's Python.

    PYTHONDONTWRITEBYTECODE above all: with it, every start compiles every module, which an
    installed package does not do.
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    return kept | {"PYTHONPATH": str(ROOT)}


def exporter(*arguments: str) -> list[str]:
    """The command line of the exporter."""
    return [sys.executable, "-m", "inference_exporter", *arguments]


def run(command: Sequence[str], folder: Path, *, aloud: bool = False) -> tuple[str, Usage]:
    """Run a program in a folder; its standard output and its usage. Fails if the program does.

    With `aloud` its standard error is ours: it says how far it is.
    """
    report, report_end = os.pipe()
    output, errors = folder / "stdout.txt", folder / "stderr.txt"
    launch = [sys.executable, "-I", "-S", str(_LAUNCHER), str(report_end), *command]
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        process = subprocess.Popen(
            launch, cwd=folder, stdout=stdout, stderr=None if aloud else stderr,
            env=environment(), pass_fds=[report_end],
        )  # fmt: skip
    os.close(report_end)
    process.wait(_LONGEST)
    with os.fdopen(report, "rb") as pipe:
        usage = msgspec.json.decode(pipe.read(), type=Usage)
    if usage.code:
        raise RuntimeError(f"{' '.join(command)} ended with {usage.code}:\n{errors.read_text()}")
    return output.read_text(encoding="utf-8"), usage
