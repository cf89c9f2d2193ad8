"""What the last stage of the image holds: the exporter, Python, and the libraries these load.

    python3 gather.py VENV FOLDER

Copies the virtual environment without what only installs and tests, the interpreter with its
standard library, every shared library that one of them is linked against, time zones and
certificates. No shell, package manager, pip or compiler comes along. Runs in the build stage, with
the Python of the base image, and needs nothing else.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

USER = 65532
WRITABLE = ("var/lib/inference-exporter", "logs", "demo")
# A pod's preStop asks for `sleep`; libgcc is loaded by name when a thread ends.
PROGRAMS = ("sleep",)
BY_NAME = ("libgcc_s.so.1",)
FILES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/nsswitch.conf", "/etc/ld.so.cache")
UNUSED = shutil.ignore_patterns(
    # of the virtual environment
    "tests", "pip", "pip-*", "pip3*", "setuptools", "setuptools-*", "_distutils_hack",
    "distutils-precedence.pth", "activate*", "Activate*", "*.pyi", "*.pyx", "*.pxd", "*.h", "*.a",
    # of the standard library
    "test", "idlelib", "tkinter", "_tkinter*", "turtledemo", "turtle.py", "ensurepip", "lib2to3",
    "pydoc_data", "site-packages", "dist-packages", "config-*", "sitecustomize.py",
    # of the time zones; and what is compiled anew
    "right", "posix", "__pycache__",
)  # fmt: skip


def main(venv: Path, to: Path) -> None:
    """Fill the folder; it becomes the root of the image."""
    like_the_base(to)
    packages = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    copied(venv / "bin", to)
    copied(venv / packages, to)
    copied(venv / "pyvenv.cfg", to)
    if (venv / "lib64").is_symlink():
        copied(venv / "lib64", to)
    python = Path(sys.executable)
    stdlib = Path(sysconfig.get_path("stdlib"))
    copied(stdlib, to)
    programs = [python, *(Path(found) for name in PROGRAMS if (found := shutil.which(name)))]
    libraries = set(needed([*programs, *_shared(to)], outside=venv))
    for path in (*programs, *libraries, Path("/usr/share/zoneinfo"), *map(Path, FILES)):
        if path.exists():
            with_links(path, to)
    packages_of([*programs, *libraries], to)
    accounts(to)


def like_the_base(to: Path) -> None:
    """Links at the root, such as /lib to usr/lib, as the base has them."""
    to.mkdir(parents=True)
    for path in Path("/").iterdir():
        if path.is_symlink():
            (to / path.name).symlink_to(path.readlink())
            (to / path.resolve().relative_to("/")).mkdir(parents=True, exist_ok=True)


def copied(path: Path, to: Path) -> None:
    """A file or a folder, without what is not used, to the same place below the folder."""
    target = to / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, target, symlinks=True, ignore=UNUSED, dirs_exist_ok=True)
    elif not target.is_symlink() and not target.exists():
        shutil.copy2(path, target, follow_symlinks=False)


def with_links(path: Path, to: Path) -> None:
    """A file by every name on the way to it: libx.so.0 leads to libx.so.0.8."""
    path = path.parent.resolve() / path.name
    copied(path, to)
    if path.is_symlink():
        with_links(path.parent / path.readlink(), to)


def needed(binaries: Iterable[Path], outside: Path) -> Iterator[Path]:
    """Shared libraries of the system that these are linked against, or load by name."""
    own = {path.name for path in outside.rglob("*.so*")}  # found by whoever loads them first
    for binary in binaries:
        done = subprocess.run(["ldd", str(binary)], capture_output=True, text=True, check=False)
        for name, found in re.findall(r"^\s*(?:(\S+) => )?(/\S+|not found)", done.stdout, re.M):
            if found == "not found" and name not in own:
                sys.exit(f"{binary} needs {name}, which the base has not")
            if found != "not found" and not found.startswith(f"{outside}/"):
                yield Path(found)
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False)
    for name in BY_NAME:
        yield from map(Path, re.findall(rf"^\s*{re.escape(name)} .*=> (/\S+)", cache.stdout, re.M))


def _shared(to: Path) -> Iterator[Path]:
    """Where the libraries that were copied come from: there they are linked as they will be."""
    for path in to.rglob("*.so*"):
        if not path.is_symlink():
            yield Path("/") / path.relative_to(to)


def packages_of(files: Iterable[Path], to: Path) -> None:
    """The entries of dpkg of what was copied, where scanners look: /var/lib/dpkg/status.d."""
    if not shutil.which("dpkg-query"):
        return
    names = {str(path.parent.resolve() / path.name) for path in files}
    asked = sorted(names | {name.removeprefix("/usr") for name in names})
    query = ["dpkg-query", "--search", *asked]
    owners = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    folder = to / "var" / "lib" / "dpkg" / "status.d"
    folder.mkdir(parents=True)
    for package in sorted(set(re.findall(r"^([^\s:,]+)(?::\w+)?: ", owners, re.M))):
        status = subprocess.run(["dpkg-query", "-s", package], capture_output=True, check=True)
        (folder / package).write_bytes(status.stdout)
    with_links(Path("/etc/os-release"), to)


def accounts(to: Path) -> None:
    """Root and nobody else but the exporter's account, which owns what it may write to."""
    etc = to / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text(
        "root:x:0:0:root:/:/sbin/nologin\n"
        f"nonroot:x:{USER}:{USER}:nonroot:/var/lib/inference-exporter:/sbin/nologin\n"
    )
    (etc / "group").write_text(f"root:x:0:\nnonroot:x:{USER}:\n")
    (to / "tmp").mkdir(exist_ok=True)
    (to / "tmp").chmod(0o1777)
    for name in WRITABLE:
        (to / name).mkdir(parents=True, exist_ok=True)
        os.chown(to / name, USER, USER)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
