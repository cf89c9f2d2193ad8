r"""What the path of a file says, as fields of its lines: `$path.version`.

The source puts a line in front of a block, behind a mark: an object with the groups of the model's
`path`. It is taken off here, and its keys go into every object of the block.
"""

from __future__ import annotations

import re

MARK = b'\x1f{"$path.'  # no line of a log begins like this
_OBJECT = re.compile(rb"^([^{\n]*)\{([^\S\n]*\})?", re.MULTILINE)


def taken_off(block: bytes) -> tuple[bytes, bytes]:
    r"""The facts in front of a block, without their braces, and the block.

    >>> taken_off(b'\x1f{"$path.v": "3"}\n{"a": 1}\n')
    (b'"$path.v": "3"', b'{"a": 1}\n')
    """
    if not block.startswith(MARK):
        return b"", block
    line, _, rest = block.partition(b"\n")
    return line[2:-1], rest


def put_in(facts: bytes, block: bytes) -> bytes:
    r"""The block with the facts in every object.

    >>> put_in(b'"$path.v": "3"', b'{"a": 1}\n{}\nx\n')
    b'{"$path.v": "3","a": 1}\n{"$path.v": "3"}\nx\n'
    """
    if not facts:
        return block
    return _OBJECT.sub(
        lambda match: b"%b{%b%b" % (match[1], facts, b"}" if match[2] else b","), block
    )
