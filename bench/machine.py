"""What the numbers were measured on, without names of hosts or paths."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

from bench import mtail
from inference_exporter import __version__
from inference_exporter._native import DECODER


def facts() -> dict[str, str]:
    """Facts of the machine and versions of what takes part."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    kernel = platform.release().split("-")[0]
    return {
        "CPU": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 1e9:.0f} GB",
        "kernel": f"{platform.system()} {kernel}",
        "Python": platform.python_version(),
        "inference-exporter": __version__,
        "decoder of JSON lines": DECODER,
        "msgspec": metadata.version("msgspec"),
        "NumPy": metadata.version("numpy"),
        "mtail": mtail.version(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
