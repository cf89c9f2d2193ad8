"""`status` asks a running exporter, and says what its page says."""

from __future__ import annotations

import argparse
import io
from collections.abc import Iterator

import httpx
import pytest

from exposition_server import running
from html_page import read
from inference_exporter.cli import main, status
from inference_exporter.cli.terminal import Line, Span, is_coloured
from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.status.answer import JSON
from status_case import drifted


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    published = Published()
    published.publish(drifted(tmp_path_factory.mktemp("status")).snapshot)
    with running(published) as (_, address):
        yield address


def test_it_says_what_the_page_says(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", f"--exporter.url={url}", "--model=m"]) == 0
    shown = capsys.readouterr().out
    page = read(httpx.get(f"{url}/models/m").text)
    lines = {line.split()[0]: line for line in shown.splitlines() if line.startswith("  ")}
    told = [row for row in page.all("tr") if row.all("svg")]
    assert len(told) == 5  # three features, a score, a prediction
    for row in told:
        name, cells = row.all("th")[0].text, row.all("td")
        line = lines.get(name) or lines[f"({name})"]
        for cell in (cells[1], cells[-4], cells[-3], cells[-1]):  # verdict, PSI, noise, values
            assert cell.text in line, (name, cell.text)
    notices = [one for one in page.all("ul") if one.attributes.get("class") == "notices"]
    assert notices[0].all("li")
    for notice in notices[0].all("li"):
        assert notice.text.split(" ", 1)[1] in shown


def test_the_front_page_has_all_models_and_the_exporter(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", f"--exporter.url={url}/"]) == 0
    shown = capsys.readouterr().out
    assert "\nm  version 7, last 1h" in shown
    assert "Source m: ✓ reading" in shown
    assert "Series on the metrics page" in shown
    assert "\x1b" not in shown  # no terminal, no colour


def test_browsers_still_get_a_page(url: str) -> None:
    asked = {"Accept": f"text/html,{JSON};q=0.9,*/*;q=0.8"}
    assert httpx.get(url, headers=asked).headers["content-type"].startswith("text/html")
    answer = httpx.get(url, headers={"Accept": JSON})
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (JSON, "no-store")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model=other"], "has no model other: leave out --model to see all"),
        (["--exporter.url=http://127.0.0.1:9"], "is `inference-exporter run` running, and there?"),
        (["--exporter.url=http://me:secret@127.0.0.1:9"], "http://127.0.0.1:9 does not answer"),
    ],
)
def test_what_cannot_be_shown_says_what_to_do(
    url: str, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", f"--exporter.url={url}", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, said in err) == ("", True), err


class _Impatient(ManualClock):
    """Presses Ctrl-C at the third pause."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.seconds > 2 * seconds:
            raise KeyboardInterrupt


def test_watching_goes_on_while_the_exporter_is_away(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([url, "http://127.0.0.1:9", url])
    asked = status._ask

    def ask(options: argparse.Namespace) -> object:
        options.url = next(answers)
        return asked(options)

    monkeypatch.setattr(status, "_ask", ask)
    monkeypatch.setattr("inference_exporter.clock.SystemClock", _Impatient)
    assert main(["status", "--watch"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("inference-exporter 0") == 2
    assert shown.count("does not answer") == 1


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals_whose_owner_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert is_coloured(_Terminal())
    assert not is_coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not is_coloured(_Terminal())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not is_coloured(_Terminal())


def test_lines_fit_and_cannot_steer_the_terminal() -> None:
    line = Line.of(Span("▲ drifted", "bad"), " of \x1b[2J and \u202eevil")
    assert line.text() == "▲ drifted of \\x1b[2J and \\u202eevil"
    assert line.text(12) == "▲ drifted o…"
    assert line.text(12, colour=True) == "\x1b[31m▲ drifted\x1b[0m o…"
