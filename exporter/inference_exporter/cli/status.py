"""`status`: the status page of a running exporter, in a terminal."""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

from inference_exporter.cli.terminal import is_coloured, say
from inference_exporter.errors import AnswerError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands
    from inference_exporter.clock import Clock
    from inference_exporter.exposition.status.answer import Answer

_EXAMPLES = """\
examples:
  inference-exporter status
  inference-exporter status --watch                         anew every 5 seconds, until Ctrl-C
  inference-exporter status --model=credit-risk --window=24h
  inference-exporter status --exporter.url=https://user:password@host:9469
  kubectl exec my-pod -c inference-exporter -- inference-exporter status

It asks the exporter for the status page and shows the same: every model with its newest version,
its first window and the five features that moved most; with --model all features of one. User and
password may also be in ~/.netrc. An exporter of another version may not be understood.
"""
_TIMEOUT = 10.0  # seconds
_FULL, _BACK, _HOME, _REST_OF_LINE, _REST = (
    "\x1b[?1049h",
    "\x1b[?1049l",
    "\x1b[H",
    "\x1b[K",
    "\x1b[J",
)


def add(commands: Commands, parents: list[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "status", parents=parents, help="the status page of a running exporter, in a terminal",
        description="Shows in one screen what a running exporter's status page says.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    parser.add_argument(
        "--exporter.url", dest="url", default="http://localhost:9469", metavar="URL",
        help="where the exporter is (default: http://localhost:9469)",
    )  # fmt: skip
    parser.add_argument(
        "--exporter.ca-file", dest="ca_file", metavar="FILE",
        help="certificates of who signed that of the exporter (default: those of the system)",
    )  # fmt: skip
    parser.add_argument("--model", metavar="NAME", help="one model with all its features")
    parser.add_argument("--version", metavar="NAME", help="with --model: this version of it")
    parser.add_argument("--window", metavar="SPAN", help="with --model: over this window, as 24h")
    parser.add_argument(
        "--watch", type=_seconds, nargs="?", const=5.0, metavar="SECONDS",
        help="show it anew, every 5 seconds or as given, until Ctrl-C",
    )  # fmt: skip
    parser.set_defaults(function=_status)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.5 <= found <= 3600.0:
        raise argparse.ArgumentTypeError(f"{text}: expected seconds, 0.5 to 3600")
    return found


def _status(options: argparse.Namespace) -> int:
    if options.watch is None:
        say("\n".join(_lines(_ask(options), options)))
        return 0
    from inference_exporter.clock import SystemClock

    _watch(options, SystemClock())
    return 0


def _watch(options: argparse.Namespace, clock: Clock) -> None:
    """Show it again and again: on a terminal in its place, else one below the other."""
    terminal = sys.stdout.isatty()
    try:
        say(_FULL) if terminal else None
        while True:
            try:
                shown = _lines(_ask(options), options)
            except AnswerError as error:  # it may be on its way back
                shown = [str(error)]
            _draw(shown, terminal=terminal)
            clock.sleep(options.watch)
    except KeyboardInterrupt:
        pass
    finally:
        say(_BACK) if terminal else None
        sys.stdout.flush()


def _draw(shown: list[str], *, terminal: bool) -> None:
    if terminal:
        end = f"{_REST_OF_LINE}\n"
        sys.stdout.write(_HOME + end.join(shown) + _REST_OF_LINE + _REST)
    else:
        say("\n".join(shown) + "\n\n")
    sys.stdout.flush()


def _lines(answer: Answer, options: argparse.Namespace) -> list[str]:
    """What fits on the terminal; everything where there is none."""
    from inference_exporter.cli.screen import screen

    lines = list(screen(answer, _without_password(options.url)))
    if not sys.stdout.isatty():
        return [line.text() for line in lines]
    width, height = shutil.get_terminal_size()
    more = len(lines) - (height - 1)
    colour = is_coloured(sys.stdout)
    shown = [
        line.text(width, colour=colour) for line in (lines if more <= 0 else lines[: height - 2])
    ]
    return shown + ([f"… and {more + 1} more lines; --model=NAME shows one"] if more > 0 else [])


def _ask(options: argparse.Namespace) -> Answer:
    import requests

    from inference_exporter.exposition.status.answer import JSON, decoded

    url = options.url.rstrip("/")
    if options.model is not None:
        url += f"/models/{quote(options.model, safe='')}"
    shown = _without_password(options.url)
    try:
        answer = requests.get(
            url,
            {name: getattr(options, name) for name in ("version", "window")},
            headers={"Accept": JSON},
            timeout=_TIMEOUT,
            verify=options.ca_file or True,
        )
    except (requests.RequestException, OSError) as error:
        raise AnswerError(
            f"{shown} does not answer ({_reason(error)}): is `inference-exporter run` running, and"
            " there? Say where with --exporter.url"
        ) from error
    _check(answer, shown, options.model)
    try:
        return decoded(answer.content)
    except ValueError as error:
        raise AnswerError(
            f"{shown} answers, but is no inference-exporter of this version: use the command that"
            " is installed beside it, as with kubectl exec"
        ) from error


def _check(answer: object, shown: str, model: str | None) -> None:
    """What the exporter refuses, and what to do about it."""
    code = getattr(answer, "status_code", 0)
    if code in (401, 403):
        raise AnswerError(
            f"{shown} wants a user and a password: --exporter.url=https://USER:PASSWORD@HOST:9469,"
            " or a line in ~/.netrc"
        )
    if code == 404 and model is not None:
        raise AnswerError(f"{shown} has no model {model}: leave out --model to see all")
    if code != 200:
        raise AnswerError(f"{shown} answers with code {code}: try again, or look at its log")


def _reason(error: BaseException) -> str:
    """The innermost of the reasons: the others only say that there is one."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or str(error)


def _without_password(url: str) -> str:
    parts = urlsplit(url.rstrip("/"))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
