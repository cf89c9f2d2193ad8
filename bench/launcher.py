"""Start a program, wait for it, and write what it used to a file descriptor as JSON.

A process of its own because Linux starts a child's `ru_maxrss` at the size of the process that it
was forked from: started from the benchmark itself, with NumPy loaded, a small program would seem
to be large. This one has 9 MB and imports nothing. Used as `python -I -S launcher.py FD PROGRAM …`.
"""

import os
import sys
import time


def main() -> None:
    report, *command = sys.argv[1:]
    started = time.monotonic()
    _, status, usage = os.wait4(os.posix_spawn(command[0], command, os.environ), 0)
    wall = time.monotonic() - started
    used = (
        f'{{"cpu_seconds": {usage.ru_utime + usage.ru_stime}, "wall_seconds": {wall}, '
        f'"peak_bytes": {usage.ru_maxrss * 1024}, "code": {os.waitstatus_to_exitcode(status)}}}'
    )
    os.write(int(report), used.encode())


if __name__ == "__main__":
    main()
