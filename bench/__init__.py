"""Measurements of speed and memory, each next to the command that repeats it.

    python -m bench                    all of them; writes docs/benchmarks.md and bench/out/
    python -m bench --list             what there is
    python -m bench --only start       one of them; --quick: small sizes, to try it out

A measurement is one module with a function `measure(settings) -> Result`, entered in
`bench.suite.MEASUREMENTS`. Everything that is timed runs in a process of its own.
"""
