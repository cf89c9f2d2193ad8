"""The status page in a real browser: both colour schemes, narrow and wide, with the keyboard."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from exposition_server import running
from html_page import read
from inference_exporter.exposition.published import Published
from status_case import drifted, thirty_hours

PROGRAM = shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not PROGRAM, reason="no Chromium here"),
]

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SCHEMES = {"light": (), "dark": ("--force-dark-mode", "--blink-settings=preferredColorScheme=0")}
NARROW, WIDE = 390, 1200

# Looks at every page in a frame of its own width, and writes down what a person would meet.
HARNESS = """<!DOCTYPE html><title>harness</title><body><script>
const linear = v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
const light = ([r, g, b]) =>
  0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
const contrast = (a, b) => {
  const [low, high] = [light(a), light(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
function ground(view, element) {
  for (let one = element; one; one = one.parentElement) {
    const colour = numbers(view.getComputedStyle(one).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
}
function look(frame) {
  const view = frame.contentWindow, page = frame.contentDocument, said = {};
  page.querySelectorAll("details").forEach(one => one.querySelector("summary").click());
  said.closed = page.querySelectorAll("details:not([open])").length;
  said.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  said.paper = view.getComputedStyle(page.documentElement).backgroundColor;
  said.texts = 0;
  said.faint = [];
  for (const one of page.body.querySelectorAll("*")) {
    const own = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    said.texts += 1;
    const ratio = contrast(numbers(view.getComputedStyle(one).color), ground(view, one));
    if (ratio < 4.5) said.faint.push([one.textContent.trim(), ratio]);
  }
  view.focus();
  said.stops = 0;
  said.unseen = [];
  for (const one of page.querySelectorAll("a[href], summary, [tabindex='0']")) {
    one.focus();
    said.stops += 1;
    const style = view.getComputedStyle(one);
    if (page.activeElement !== one || style.outlineStyle !== "solid")
      said.unseen.push(one.outerHTML.slice(0, 80));
  }
  const charts = [...page.querySelectorAll("svg.bars[role=img]")];
  said.lines = page.querySelectorAll("svg.spark[role=img]").length;
  said.charts = charts.length;
  said.flat = charts.filter(one => one.getBoundingClientRect().height < 30).length;
  said.bars = charts.filter(one => one.querySelector(".live").getBBox().height > 0).length;
  return said;
}
const frames = PAGES.map(([path, width]) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.width = width;
  frame.height = 800;
  frame.src = path;
  frame.onload = () => done(look(frame));
  document.body.append(frame);
}));
Promise.all(frames).then(all => {
  const result = document.createElement("pre");
  result.textContent = JSON.stringify(all);
  document.body.replaceChildren(result);
});
</script>"""

Shown = dict[str, tuple[str, str]]  # path -> HTML and its policy


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    published = Published()
    published.publish(drifted(tmp_path_factory.mktemp("status")).snapshot)
    with running(published) as (_, address):
        yield address


@pytest.fixture(scope="module")
def day_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A day of 103 features."""
    many = {f"sensor_{n:03}": float(n % 7) for n in range(100)}
    published = Published()
    published.publish(thirty_hours(tmp_path_factory.mktemp("day"), **many).snapshot)
    with running(published) as (_, address):
        yield address


def chromium(profile: Path, address: str, *flags: str) -> str:
    """The page as the browser has it after everything is loaded."""
    command = [PROGRAM, *FLAGS, f"--user-data-dir={profile}", *flags, "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@contextmanager
def harness(shown: Shown) -> Iterator[str]:
    """Serves the pages as they were served, but that they may be framed; and what looks at them."""
    pages = [(path, width) for path in shown for width in (NARROW, WIDE)]
    first = HARNESS.replace("PAGES", json.dumps(pages))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, policy = shown.get(self.path, (first, ""))
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                framed = policy.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
                self.send_header("Content-Security-Policy", framed)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/harness"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_everybody_can_read_and_use_the_pages(
    url: str, day_url: str, scheme: str, tmp_path: Path
) -> None:
    shown: Shown = {}
    pages = (("home", url), ("model", f"{url}/models/m"), ("one", f"{url}/models/m?feature=income"),
             ("day", f"{day_url}/models/m?feature=income"))  # fmt: skip
    for name, address in pages:
        answer = httpx.get(address)
        shown[f"/{name}"] = (answer.text, answer.headers["content-security-policy"])
    with harness(shown) as address:
        dom = chromium(tmp_path, address, *SCHEMES[scheme], "--virtual-time-budget=10000")
    result = read(dom).all("pre")
    assert result, dom[-500:]
    looks: list[dict[str, Any]] = json.loads(result[0].text)
    assert len(looks) == 8
    assert looks[-1]["lines"] > 20
    for look in looks:
        assert look["paper"] == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]
        assert look["overflow"] == 0, "the page itself scrolls sideways"
        assert look["texts"] > 50
        assert look["faint"] == []
        assert look["stops"] > 10
        assert look["unseen"] == [], "keyboard focus does not show"
        assert look["closed"] == 0, "details that do not open without scripts"
        assert look["charts"] == look["bars"] >= 5
        assert look["lines"] >= 5
        assert look["flat"] == 0


def test_the_browser_reads_the_same_page_and_refuses_nothing(url: str, tmp_path: Path) -> None:
    log = "--enable-logging=stderr"
    address = f"{url}/models/m"
    command = [PROGRAM, *FLAGS, log, f"--user-data-dir={tmp_path}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert not re.findall(r"CONSOLE.*", done.stderr), "a policy is violated, or worse"
    ours, its = read(httpx.get(address).text), read(done.stdout)
    for tag in ("table", "tr", "td", "th", "svg", "path", "a", "h2", "details", "data"):
        assert len(its.all(tag)) == len(ours.all(tag)), tag
