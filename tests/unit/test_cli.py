"""The command line: what each command prints, and the code it ends with."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from exporter_process import parse
from inference_exporter import __version__, config
from inference_exporter.cli import main, new_parser
from inference_exporter.cli.parsers import walk
from reference_files import write_lines

COMMANDS = [one.prog.split()[1:] for one in walk(new_parser())]
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields:
      features: features
      prediction: prediction
      latency: {from: latency_ms, unit: ms}
"""
LINES = b"""\
{"features": {"x": 1.5}, "prediction": 1, "latency_ms": 5}
{"features": {"x": "y"}, "prediction": 0}
not a prediction
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "log.jsonl").write_bytes(LINES)
    return tmp_path


# -- help and version ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_is_there_for_every_command(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*command, "--help"])
    assert ended.value.code == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"usage: {' '.join(['inference-exporter', *command])} ")
    assert err == ""


def test_help_and_version_import_nothing_heavy() -> None:
    """A typo must not cost the second that NumPy takes."""
    program = f"""\
import contextlib, io, sys
from inference_exporter.cli import main, new_parser
from inference_exporter.cli.parsers import walk
for command in {[*COMMANDS, ["--version"]]!r}:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        main(command if "--version" in command else [*command, "--help"])
heavy = ("numpy", "scipy", "yaml", "msgspec", "starlette", "uvicorn", "requests", "sklearn")
print(*(name for name in heavy if name in sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"inference-exporter {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["watch"], "argument COMMAND: invalid choice: 'watch'"),
        (["run", "--port=1"], "unrecognized arguments: --port=1"),
        (["once", "--format=xml"], "argument --format: invalid choice: 'xml'"),
        (["init"], "the following arguments are required: LOG"),
        (["reference", "build", "x.csv"], "the following arguments are required: --output"),
        (["check", "--lines=many"], "argument --lines: invalid int value: 'many'"),
    ],
)
def test_bad_usage_ends_with_2_and_says_why(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


# -- check -----------------------------------------------------------------------------------------


def test_check_says_that_a_configuration_is_valid(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    assert capsys.readouterr() == ("m: logs log.jsonl\nconfig.yaml is valid\n", "")


def test_check_with_a_sample_shows_each_line_as_understood_or_why_not(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--sample=log.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "1.5" in out
    assert "0.005" in out  # seconds, whatever the log has
    assert "not a JSON object" in out
    assert out.endswith("config.yaml is valid\n")


def test_check_shows_as_many_lines_as_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--sample=log.jsonl", "--lines=2"]) == 0
    assert "not a JSON object" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model=other"], "--model=other: not in config.yaml"),
        (["--sample=none.jsonl"], "none.jsonl: No such file or directory"),
        (["--config.file=none.yaml"], "none.yaml: no such file"),
    ],
)
def test_check_names_what_is_not_there(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"inference-exporter: {message}")


# -- init ------------------------------------------------------------------------------------------


def test_init_prints_a_configuration_that_reads_the_log(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "log.jsonl"]) == 0
    out, err = capsys.readouterr()
    assert "# guessed" in out
    assert config.parse(out, "config.yaml").models
    assert err == ""


def test_init_reads_the_standard_input(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LINES)))
    assert main(["init", "-"]) == 0
    assert config.parse(capsys.readouterr().out, "config.yaml").models[0].logs == ("-",)


def test_init_writes_a_file_but_not_over_another(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "log.jsonl", "--output=new.yaml"]) == 0
    assert capsys.readouterr().out == (
        "new.yaml written; look at the lines with '# guessed', then try:\n"
        "  inference-exporter check --config.file=new.yaml --sample=log.jsonl\n"
    )
    assert main(["check", "--config.file=new.yaml", "--sample=log.jsonl"]) == 0
    (folder / "new.yaml").write_text("mine", encoding="utf-8")
    capsys.readouterr()
    assert main(["init", "log.jsonl", "--output=new.yaml"]) == 2
    expected = "inference-exporter: new.yaml exists already; --force writes over it\n"
    assert capsys.readouterr() == ("", expected)
    assert (folder / "new.yaml").read_text(encoding="utf-8") == "mine"
    assert main(["init", "log.jsonl", "--output=new.yaml", "--force"]) == 0
    assert config.load("new.yaml").models


def test_init_into_a_folder_that_is_not_there_ends_with_1(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "log.jsonl", "--output=none/new.yaml"]) == 1
    assert "none/new.yaml" in capsys.readouterr().err


# -- reference -------------------------------------------------------------------------------------


@pytest.fixture
def table(folder: Path) -> Path:
    rows: list[dict[str, object]] = [
        {"features": {"x": i % 5}, "prediction": i % 2} for i in range(200)
    ]
    return Path(write_lines(folder / "table.jsonl", rows))


def test_reference_build_then_show(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reference", "build", str(table), "--output=r.json"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("r.json: 200 rows, 1 features, reference ")
    assert err == ""  # no bar where there is no terminal
    assert main(["reference", "show", "r.json"]) == 0
    shown = capsys.readouterr().out
    assert "200 rows" in shown
    assert "█" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "none.json"], "none.json: cannot be read: No such file or directory"),
        (["show", "config.yaml"], "config.yaml: is not JSON"),
        (["build", "none.csv", "--output=r.json"], "none.csv: "),
        (["build", "table.jsonl", "--output=none/r.json"], "none/r.json: cannot be written: "),
        (
            ["build", "table.jsonl", "--output=r.json", "--model=x"],
            "--model=x: the configuration has m",
        ),
    ],
)
def test_references_that_cannot_be_read_or_made_end_with_2(
    table: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reference", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"inference-exporter: {message}")


def test_reference_build_asks_for_the_model_where_there_are_several(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIG + CONFIG.removeprefix("models:\n").replace("  m:", "  n:")
    Path("config.yaml").write_text(text, encoding="utf-8")
    build = ["reference", "build", str(table), "--output=r.json"]
    assert main(build) == 2
    assert capsys.readouterr().err == (
        "inference-exporter: the configuration has several models: add --model=m|n\n"
    )
    assert main([*build, "--model=n"]) == 0


# -- once ------------------------------------------------------------------------------------------


def test_once_prints_the_page_in_either_format(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["once"]) == 0
    page = parse(capfdbinary.readouterr().out.decode())
    lines = "inference_exporter_lines_total"
    assert page[(lines, (("result", "ok"), ("source", "m")))] == 2
    assert page[(lines, (("result", "malformed"), ("source", "m")))] == 1
    assert main(["once", "--format=openmetrics"]) == 0
    assert capfdbinary.readouterr().out.endswith(b"# EOF\n")
    assert not (folder / "data").exists()  # it keeps nothing


def test_once_without_its_log_prints_what_is_known_beforehand(
    folder: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    (folder / "log.jsonl").unlink()
    assert main(["once"]) == 0
    page = parse(capfdbinary.readouterr().out.decode())
    assert page[("inference_exporter_source_up", (("source", "m"),))] == 0


# -- output that nobody reads ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", [["once"], ["check", "--sample=log.jsonl"], ["init", "log.jsonl"]]
)
def test_a_reader_that_has_gone_is_no_crash(folder: Path, command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "inference_exporter", *command],
            stdout=writing, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


# -- errors say what to do next --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "next_step"),
    [
        (["check", "--config.file=none.yaml"], "next: name another with --config.file, or: "
         "inference-exporter init LOG --output=none.yaml\n"),
        (["check", "--config.file=bad.yaml"],
         "next: mend it, then: inference-exporter check --config.file=bad.yaml\n"),
        (["check", "--model=other"], "not in config.yaml; it has m\n"),
        (["check", "--sample=none"], "or - for standard input\n"),
        (["report", "--model=other"], "name the folder of `run` with --storage.path\n"),
        (["decisions"], "after the first window that was decided on\n"),
        (["run", "--web.listen-address=9469"], "expected host:port or :port, such as :9469\n"),
        (["init", "log.jsonl", "--output=none/c"], "next: name a file or folder that is there\n"),
        (["track"], "give --mlflow.url or --wandb.project\n"),
        (["backtest"], "or take the first part of the log: --reference-first=14d\n"),
        (["reference", "show", "none.json"], "make it with `reference build`\n"),
    ],
)  # fmt: skip
def test_an_error_says_what_to_do_next(
    folder: Path, arguments: list[str], next_step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.yaml").write_text("models: {m: {log: [l]}}\n", encoding="utf-8")
    assert main(arguments) in (1, 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(next_step), err
