"""Arguments in, exit code out: 0 done, 1 failure at run time, 2 bad usage or configuration.

Exit codes live here and nowhere else.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING

from inference_exporter import __version__, cli_reference
from inference_exporter.errors import InferenceExporterError, UsageError

if TYPE_CHECKING:
    from inference_exporter.config.schema import ModelConfig

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_EPILOG = """\
first steps:
  inference-exporter init /logs/predictions.jsonl > config.yaml    write a config for a log
  inference-exporter check --config.file=config.yaml --sample=/logs/predictions.jsonl
  inference-exporter reference build train.csv --config.file=config.yaml --output=reference.json
  inference-exporter run --config.file=config.yaml                 then open http://localhost:9469
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    # Before NumPy is imported: nothing here is large enough for threads of linear algebra, and
    # idle ones spin for work, 5 % of all CPU time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    options = _parser().parse_args(arguments)
    _set_up_logging(options)
    try:
        code = int(options.function(options))
        sys.stdout.flush()  # here, where a reader that has gone is no crash
        return code
    except InferenceExporterError as error:
        sys.stderr.write(f"inference-exporter: {error}\n")
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has gone; so does the exit flush's target
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        sys.stderr.write(f"inference-exporter: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    from inference_exporter.app import Application, Options

    Application(
        Options(
            config_file=options.config_file,
            storage_path=options.storage_path,
            listen=options.listen,
            telemetry_path=options.telemetry_path,
            web_config_file=options.web_config_file,
            max_requests=options.max_requests,
            created_series=options.created_series,
        )
    ).run()
    return 0


def _once(options: argparse.Namespace) -> int:
    from inference_exporter.assembly import read_once
    from inference_exporter.exposition.openmetrics import render_openmetrics
    from inference_exporter.exposition.text import render_text

    snapshot = read_once(options.config_file)
    render = render_openmetrics if options.format == "openmetrics" else render_text
    sys.stdout.buffer.write(render(snapshot))
    sys.stdout.buffer.flush()
    return 0


def _check(options: argparse.Namespace) -> int:
    from inference_exporter.assembly import decoded_kinds, load_all
    from inference_exporter.formats.sample import explain

    config, references = load_all(options.config_file)
    for model in config.models:
        if options.model and model.name != options.model:
            continue
        if options.sample:
            lines = _first_lines(options.sample, options.lines)
            _say(explain(model, lines, decoded_kinds(model, references[model.name])))
        else:
            _say(f"{model.name}: logs {', '.join(model.logs)}")
    if options.model and options.model not in {model.name for model in config.models}:
        raise UsageError(f"--model={options.model}: not in {options.config_file}")
    _say(f"{options.config_file} is valid")
    return 0


def _init(options: argparse.Namespace) -> int:
    from inference_exporter.formats.guess import guess

    text = guess(_first_lines(options.log, 1000), options.log)
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    output = Path(options.output)
    if output.exists() and not options.force:
        raise UsageError(f"{output} exists already; --force writes over it")
    output.write_text(text, encoding="utf-8")
    _say(f"{output} written; look at the lines with '# guessed', then try:")
    _say(f"  inference-exporter check --config.file={output} --sample={options.log}")
    return 0


def _reference_build(options: argparse.Namespace) -> int:
    from inference_exporter import config as configuration
    from inference_exporter import reference

    config = configuration.load(options.config_file)
    model = _one_model(config.models, options)
    bins = None
    if options.edges_from:
        bins = reference.load_part(options.edges_from).reference
    with _Progress(sys.stderr) as progress:
        shard = reference.build_shard(
            options.data, model, now=time.time(), progress=progress.show, bins=bins
        )
    profile = shard.reference
    data = reference.dump_shard(shard) if options.shard else reference.dumps(profile)
    reference.write(data, options.output)
    _say(
        f"{options.output}: {profile.rows} rows, {len(profile.features)} features, "
        f"reference {profile.fingerprint}"
    )
    return 0


def _reference_show(options: argparse.Namespace) -> int:
    from inference_exporter import reference

    _say(reference.show(reference.load(options.file)))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from inference_exporter.demo.run import main as demo

    return demo(options)


def _one_model(models: Sequence[ModelConfig], options: argparse.Namespace) -> ModelConfig:
    names = [model.name for model in models]
    if options.model is None and len(models) > 1:
        raise UsageError(f"the configuration has several models: add --model={'|'.join(names)}")
    wanted = options.model or names[0]
    if wanted not in names:
        raise UsageError(f"--model={wanted}: the configuration has {', '.join(names)}")
    return models[names.index(wanted)]


def _first_lines(path: str, count: int) -> list[bytes]:
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as stream:
            lines = [stream.readline(1 << 20) for _ in range(count)]
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return [line for line in lines if line]


def _say(text: str) -> None:
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


class _Progress:
    """A bar on a terminal for work of more than a second; silent where there is no terminal."""

    _WIDTH = 32

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._started = time.monotonic()
        self._shown = 0.0

    def __enter__(self) -> _Progress:
        return self

    def show(self, done: int, total: int) -> None:
        """Draw the bar, at most ten times a second."""
        now = time.monotonic()
        if not self._stream.isatty() or now - self._started < 1 or now - self._shown < 0.1:
            return
        self._shown = now
        share = min(1.0, done / total) if total else 0.0
        bar = "█" * round(share * self._WIDTH)
        left = (now - self._started) * (1 - share) / share if share else 0.0
        text = f"\r{bar:░<{self._WIDTH}} {share:4.0%}  {done / 1e6:,.0f} MB  {left:.0f} s left "
        self._stream.write(text)
        self._stream.flush()

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")


def _set_up_logging(options: argparse.Namespace) -> None:
    level = getattr(logging, options.log_level.upper())
    text = "ts=%(asctime)s.%(msecs)03dZ level=%(levelname)s logger=%(name)s msg=%(message)r"
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter(text, datefmt="%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler])


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="inference-exporter",
        description="Reads a model server's prediction log and serves drift, accuracy, latency "
        "and data-quality metrics to Prometheus.",
        epilog=_EPILOG,
        formatter_class=raw,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    levels = ("debug", "info", "warning", "error")
    common.add_argument(
        "--log.level", dest="log_level", choices=levels, default="info", help="default: info"
    )
    configured = argparse.ArgumentParser(add_help=False)
    configured.add_argument(
        "--config.file", dest="config_file", default="config.yaml", metavar="FILE",
        help="the configuration (default: config.yaml)",
    )  # fmt: skip
    _add_run(commands, [common, configured])
    _add_once(commands, [common, configured])
    _add_check(commands, [common, configured])
    _add_init(commands, [common])
    _add_reference(commands, common, configured)
    _add_demo(commands, [common])
    return parser


def _add_run(commands: _Commands, parents: list[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run", parents=parents, help="follow the logs and serve /metrics",
        description="Follows the logs and serves /metrics. SIGHUP or POST /-/reload reads the "
        "configuration again; SIGTERM and Ctrl-C commit what was read and end.",
    )  # fmt: skip
    run.add_argument(
        "--storage.path", dest="storage_path", default="data", metavar="FOLDER",
        help="where offsets, counters and windows are kept over restarts (default: data)",
    )  # fmt: skip
    run.add_argument(
        "--web.listen-address", dest="listen", default=":9469", metavar="ADDRESS",
        help="where to serve, such as :9469 or 127.0.0.1:9469 (default: :9469)",
    )  # fmt: skip
    run.add_argument(
        "--web.telemetry-path", dest="telemetry_path", default="/metrics", metavar="PATH",
        help="where the metrics are (default: /metrics)",
    )  # fmt: skip
    run.add_argument(
        "--web.config.file", dest="web_config_file", metavar="FILE",
        help="TLS and basic authentication, in Prometheus's web configuration format",
    )  # fmt: skip
    run.add_argument(
        "--web.max-requests", dest="max_requests", type=int, default=40, metavar="N",
        help="requests answered at the same time (default: 40)",
    )  # fmt: skip
    run.add_argument(
        "--web.created-series", dest="created_series", action="store_true",
        help="give OpenMetrics scrapers the time each counter began, as one more series beside it",
    )  # fmt: skip
    run.set_defaults(function=_run)


def _add_once(commands: _Commands, parents: list[argparse.ArgumentParser]) -> None:
    once = commands.add_parser(
        "once", parents=parents, help="read the logs to their end, print the metrics, exit",
        description="Reads the logs from their beginning to their end and prints what /metrics "
        "would show then. Windows end at the newest line. Keeps no state.",
    )  # fmt: skip
    once.add_argument(
        "--format", choices=("text", "openmetrics"), default="text", help="default: text"
    )
    once.set_defaults(function=_once)


def _add_check(commands: _Commands, parents: list[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check", parents=parents, help="validate the configuration; show how lines are understood",
        description="Reports every problem of the configuration at once. With --sample it prints "
        "for each of the first lines the fields as understood, or the reason why not.",
    )  # fmt: skip
    check.add_argument("--sample", metavar="LOG", help="a log to try it on; - is standard input")
    check.add_argument(
        "--lines", type=int, default=5, metavar="N", help="how many lines of it (default: 5)"
    )
    check.add_argument("--model", metavar="NAME", help="only this model (default: all)")
    check.set_defaults(function=_check)


def _add_init(commands: _Commands, parents: list[argparse.ArgumentParser]) -> None:
    init = commands.add_parser(
        "init", parents=parents, help="look at a log, write a configuration that reads it",
        description="Looks at the first 1,000 lines of a log and writes a configuration that "
        "reads it. What was guessed is marked in comments.",
    )  # fmt: skip
    init.add_argument("log", metavar="LOG", help="a prediction log; - is standard input")
    init.add_argument(
        "--output", default="-", metavar="FILE", help="where to write it (default: the terminal)"
    )
    init.add_argument("--force", action="store_true", help="write over an existing file")
    init.set_defaults(function=_init)


def _add_reference(
    commands: _Commands, common: argparse.ArgumentParser, configured: argparse.ArgumentParser
) -> None:
    reference = commands.add_parser(
        "reference", help="build, show, compare or merge reference profiles: what normal is",
        description="A reference profile fixes the bins and the normal shares that live data is "
        "compared with.",
    )  # fmt: skip
    actions = reference.add_subparsers(required=True, metavar="ACTION")
    build = actions.add_parser(
        "build", parents=[common, configured], help="make a profile from a table",
        description="Reads CSV, JSON lines (.gz too) or Parquet in constant memory. In a flat "
        "table the columns named like the configured fields are outputs, labels and ids; the rest "
        "are features.",
    )  # fmt: skip
    build.add_argument("data", nargs="+", metavar="DATA", help="files of one table")
    build.add_argument("--output", required=True, metavar="FILE", help="the profile to write")
    build.add_argument("--model", metavar="NAME", help="the model, where the config has several")
    build.add_argument(
        "--edges-from", dest="edges_from", metavar="FILE",
        help="a profile or shard whose bins to use, so that counts can be added",
    )  # fmt: skip
    build.add_argument(
        "--shard", action="store_true",
        help="write what `reference merge` needs, to be merged with those of other parts",
    )  # fmt: skip
    build.set_defaults(function=_reference_build)
    cli_reference.add(actions, common)
    show = actions.add_parser(
        "show", parents=[common], help="print a profile as tables with bars",
        description="Prints a profile as tables with bars.",
    )  # fmt: skip
    show.add_argument("file", metavar="FILE", help="a profile made by `reference build`")
    show.set_defaults(function=_reference_show)


def _add_demo(commands: _Commands, parents: list[argparse.ArgumentParser]) -> None:
    from inference_exporter.demo.options import HELP, add_arguments

    demo = commands.add_parser("demo", parents=parents, help=HELP)
    add_arguments(demo)
    demo.set_defaults(function=_demo)
