"""Reading JSON lines and counting them in C, where that was built: faster, and never needed.

It says the same as the Python path, bit for bit; what it cannot say, it leaves to that. The
environment variable `INFERENCE_EXPORTER_DECODER` chooses: `python` does without it, `native` does
not start without it, `auto` or nothing takes it where it is.
"""

from __future__ import annotations

import os
from types import ModuleType

VARIABLE = "INFERENCE_EXPORTER_DECODER"
CHOICES = ("auto", "native", "python")


def _load(choice: str) -> tuple[ModuleType | None, str]:
    """The module, or why there is none."""
    if choice not in CHOICES:
        raise ImportError(f"{VARIABLE} is {choice!r}: it can be {', '.join(CHOICES)}")
    if choice == "python":
        return None, f"{VARIABLE} asks for that"
    try:
        from inference_exporter._native import _columns
    except ImportError as error:
        if choice == "native":
            raise
        return None, f"the compiled one was not built: {error}"
    return _columns, ""


MODULE, WHY_NOT = _load(os.environ.get(VARIABLE) or "auto")
DECODER = "python" if MODULE is None else "native"
"""Which of the two reads JSON lines, as `inference_exporter_build_info` says it."""
