"""A target without Atheris: `python tests/fuzz/unguided.py TARGET SECONDS [SEED]`.

Bytes of the seeds are changed by chance, which finds less than coverage does and needs nothing: it
is what runs where the compiled reader is watched by sanitizers, see `scripts/sanitize`.
"""

from __future__ import annotations

import importlib
import random
import sys
import time
from pathlib import Path

PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"\x00", b"\xff", b"\xc3", b"-0",
          b"1e999", b"1" * 25, b"0." + b"7" * 25, b"NaN", b"null", b"\\u00e9", b"\\ud800",
          b'"a":1,', b"2026-11-23T01:07:20Z", b"  ", b"[" * 70]  # fmt: skip


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """The seed with up to eight changes."""
    block = bytearray(seed)
    for _ in range(chance.randrange(9)):
        at = chance.randrange(len(block) + 1)
        length = chance.randrange(1, 24)
        way = chance.randrange(4)
        if way == 0:
            del block[at : at + length]
        elif way == 1:
            block[at:at] = block[at : at + length]
        elif way == 2:
            block[at:at] = chance.choice(PIECES)
        elif at < len(block):
            block[at] = chance.randrange(256)
    return bytes(block)


def main(target: str, seconds: float, seed: int) -> None:
    """Run the target until the time is over; what it raises shows the bytes."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    targets = importlib.import_module("targets")
    corpus, chance = list(targets.seeds(target).values()), random.Random(seed)
    end, runs = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        block = mutated(chance.choice(corpus), chance)
        try:
            targets.TARGETS[target](block)
        except BaseException:
            sys.stderr.write(f"after {runs} runs, seed {seed}: {block!r}\n")
            raise
        runs += 1
    sys.stdout.write(f"{target}: {runs} runs in {seconds:g} s, seed {seed}: nothing found\n")


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
