"""Lines of code of Python files, without docstrings, comments and blank lines.

python -m scripts.code_lines client/inference_log/*.py
"""

from __future__ import annotations

import ast
import sys
import tokenize
from pathlib import Path

_NO_CODE = frozenset((
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT,
    tokenize.ENCODING, tokenize.ENDMARKER,
))  # fmt: skip
_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(path: Path) -> int:
    """Lines on which something stands that is neither a comment nor part of a docstring."""
    with path.open("rb") as file:
        tokens = [one for one in tokenize.tokenize(file.readline) if one.type not in _NO_CODE]
    found = {line for one in tokens for line in range(one.start[0], one.end[0] + 1)}
    return len(found - _docstrings(ast.parse(path.read_text(encoding="utf-8"))))


def _docstrings(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node) is not None:
            first = node.body[0]
            lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def main(paths: list[str]) -> None:
    """Print the count of each file, and of all together."""
    counts = {path: code_lines(Path(path)) for path in paths}
    lines = [f"{count:6} {path}\n" for path, count in counts.items()]
    sys.stdout.write("".join([*lines, f"{sum(counts.values()):6} together\n"]))


if __name__ == "__main__":
    main(sys.argv[1:])
