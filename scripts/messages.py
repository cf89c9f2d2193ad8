"""Pictures of the messages that people get: a mail on a phone, Slack, PagerDuty.

    PYTHONPATH=tests python -m scripts.messages [--output FOLDER]     (make messages)

The alerts are those of two stories of the rule tests, rendered by promtool from the shipped rules;
the shipped Alertmanager configuration, with its commented receivers in force, sends them to
listeners on loopback. The mail is drawn as it is. Of Slack and PagerDuty the payload is what they
would get; the frame around it is an imitation, and is marked so.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import requests
import yaml

import rule_files

_ROOT = Path(__file__).resolve().parent.parent
_MANAGER = _ROOT / "alert_rules" / "alertmanager"
_STORIES = (
    ("drift", "two teams", "InferenceFeatureDrift", "80m"),
    ("broken", "one of two replicas", "InferenceFeatureBroken", "6m"),
)
_PAIR = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_WIDTH = {"mail-phone": 390, "message-slack": 640, "message-pagerduty": 640}
_WAIT = 60.0  # seconds for the messages


class _Mails(ThreadingTCPServer):
    """As much of SMTP as is needed to be handed a mail."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[bytes] = []
        outer = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 loopback\r\n")
                for line in self.rfile:
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        outer.got.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")

        super().__init__(("127.0.0.1", 0), Handler)


class _Posts(ThreadingHTTPServer):
    """Keeps what is posted, by its path."""

    daemon_threads = True

    def __init__(self) -> None:
        self.got: dict[str, Any] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.got.setdefault(self.path.strip("/"), body)
                self.send_response(202 if "pagerduty" in self.path else 200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        super().__init__(("127.0.0.1", 0), Handler)


def main() -> None:
    """Render, send, draw."""
    parser = argparse.ArgumentParser(description="Pictures of messages.")
    parser.add_argument("--output", type=Path, default=_ROOT / "docs" / "images")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="messages-") as name:
        folder = Path(name)
        alerts = [_rendered(folder, *story) for story in _STORIES]
        mail, posts = _sent(folder, alerts)
        pages = {
            "mail-phone": mail,
            "message-slack": _slack(posts["slack"]),
            "message-pagerduty": _pagerduty(posts["pagerduty"]),
        }
        for picture, html in pages.items():
            _draw(folder, html, options.output / f"{picture}.png", _WIDTH[picture])
            print(f"{options.output / picture}.png")  # noqa: T201


def _rendered(folder: Path, topic: str, name: str, alert: str, at: str) -> dict[str, Any]:
    """The alert of a story with its texts: promtool shows it where it is told to expect none."""
    path = _ROOT / "tests" / "ops" / "rules" / f"{topic}.test.yaml"
    stories = yaml.safe_load(path.read_text("utf-8"))["tests"]
    story = next(one for one in stories if one["name"].startswith(name))
    kept = {key: story[key] for key in ("interval", "input_series")}
    rules = rule_files.alerts(topic)
    groups = [*rule_files.needed_by(rules), *rule_files.groups(topic)]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, width=1000), "utf-8")
    nothing = {"alertname": alert, "eval_time": at, "exp_alerts": []}
    test = {"rule_files": ["rules.yaml"], "evaluation_interval": "15s",
            "tests": [kept | {"alert_rule_test": [nothing]}]}  # fmt: skip
    (folder / "test.yaml").write_text(yaml.safe_dump(test, width=1000), "utf-8")
    told = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(
        r"Labels:\{(.*?)\}\s*Annotations:\{(.*?)\}\n", told.stdout + told.stderr, re.S
    )
    if found is None:
        raise RuntimeError(f"{alert} does not fire in its story: {told.stdout}{told.stderr}")
    labels, annotations = (
        {key: json.loads(f'"{text}"') for key, text in _PAIR.findall(part)}
        for part in found.groups()
    )
    return {"labels": labels, "annotations": annotations}


def _sent(folder: Path, alerts: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The mail as HTML, and what was posted."""
    with _serving(_Mails()) as mails, _serving(_Posts()) as posts:
        url = f"http://127.0.0.1:{posts.server_address[1]}"
        config = _configuration(folder, url, int(mails.server_address[1]))
        with _alertmanager(config) as manager:
            begun = datetime.now(UTC).isoformat()
            requests.post(
                f"{manager}/api/v2/alerts", timeout=10,
                json=[alert | {"startsAt": begun} for alert in alerts],
            ).raise_for_status()  # fmt: skip
            end = time.monotonic() + _WAIT
            while not (mails.got and {"slack", "pagerduty"} <= set(posts.got)):
                if time.monotonic() > end:
                    raise RuntimeError(f"only {sorted(posts.got)} and {len(mails.got)} mails came")
                time.sleep(0.2)
        chosen = next(one for one in mails.got if b"[PAGE]" not in one)
        body = message_from_bytes(chosen, policy=policy.default).get_body(("html",))
        assert body is not None
        return str(body.get_content()), posts.got


def _configuration(folder: Path, url: str, port: int) -> Path:
    """The shipped one with its commented receivers; they lead here, and nothing waits."""
    text = (_MANAGER / "alertmanager.yaml").read_text("utf-8")
    head, _, receivers = text.partition("\nreceivers:\n")
    given = re.sub(r"^    # (?=[ -]|\w+_configs:)", "    ", receivers, flags=re.MULTILINE)
    document = yaml.safe_load(f"{head}\nreceivers:\n{given}")
    document["global"] |= {"smtp_smarthost": f"127.0.0.1:{port}", "slack_api_url": f"{url}/slack"}
    document["templates"] = [str(_MANAGER / "templates" / "*.tmpl")]
    for route in (document["route"], *document["route"]["routes"]):
        route |= {"group_wait": "0s"}
    key = folder / "key"
    key.write_text("none", "utf-8")
    for receiver in document["receivers"]:
        receiver.pop("webhook_configs", None)
        for one in receiver.get("pagerduty_configs", ()):
            one |= {"url": f"{url}/pagerduty", "routing_key_file": str(key)}
    path = folder / "alertmanager.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


@contextmanager
def _serving(server: Any) -> Iterator[Any]:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _alertmanager(config: Path) -> Iterator[str]:
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        raise RuntimeError("Alertmanager is not installed")
    with ThreadingTCPServer(("127.0.0.1", 0), StreamRequestHandler) as free:
        port = int(free.server_address[1])
    url = f"http://127.0.0.1:{port}"
    command = [
        program, f"--config.file={config}", f"--storage.path={config.parent}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=", "--log.level=warn",
    ]  # fmt: skip
    process = subprocess.Popen(command)
    try:
        for _ in range(150):
            try:
                requests.get(f"{url}/-/ready", timeout=5).raise_for_status()
                break
            except requests.RequestException:
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _page(body: str, said: str) -> str:
    return (
        '<!doctype html><meta charset="utf-8">'
        '<body style="font: 15px/1.45 sans-serif; margin: 14px; color: #1d1c1d">'
        f'{body}<p style="color: #888; font-size: 12px">{said}</p></body>'
    )


def _slack(payload: Any) -> str:
    """The attachment in a frame like Slack's."""
    (one,) = payload["attachments"]
    text = escape(one["text"])
    text = re.sub(r"&lt;([^|]+?)\|(.+?)&gt;", r'<a href="\1">\2</a>', text)
    text = re.sub(r"(?m)^\*(.+?)\*$", r"<b>\1</b>", text).strip().replace("\n", "<br>")
    colour = {"warning": "#daa038", "good": "#2eb886", "danger": "#a30200"}[one["color"]]
    return _page(
        f"<div><b>{escape(payload.get('username', 'alertmanager'))}</b> "
        f'<span style="color: #616061">in {escape(payload["channel"])}</span></div>'
        f'<div style="border-left: 4px solid {colour}; padding-left: 12px; margin-top: 6px">'
        f'<a href="{escape(one["title_link"])}"><b>{escape(one["title"])}</b></a><br>{text}</div>',
        "Payload as Alertmanager sends it; the frame imitates Slack's.",
    )


def _pagerduty(payload: Any) -> str:
    """The event in a frame like PagerDuty's."""
    inside = payload["payload"]
    details = "".join(
        f'<tr><td style="color: #777; padding-right: 12px; vertical-align: top">{escape(key)}</td>'
        '<td style="overflow-wrap: anywhere; white-space: pre-line">'
        f"{escape(str(value).strip())}</td></tr>"
        for key, value in inside.get("custom_details", {}).items()
        if str(value).strip()
    )
    return _page(
        f'<div style="color: #c4162a"><b>{escape(inside["severity"].upper())} · '
        f"{escape(payload['event_action'])}</b></div>"
        f'<h3 style="margin: 4px 0">{escape(inside["summary"])}</h3>'
        f'<div><a href="{escape(payload["client_url"])}">{escape(payload["client"])}</a></div>'
        f'<table style="font-size: 13px; margin-top: 8px">{details}</table>',
        "Event as Alertmanager sends it; the frame imitates PagerDuty's.",
    )


def _draw(folder: Path, html: str, picture: Path, width: int) -> None:
    """The page with Chromium, as high as it is."""
    page = folder / "page.html"
    measured = (  # a window of Chromium is not as narrow as a phone
        f"<script>document.documentElement.style.width = '{width}px';"
        "document.title = document.documentElement.scrollHeight + 8</script>"
    )
    page.write_text(html + measured, "utf-8")
    base = [
        next(found for one in ("chromium", "chromium-browser", "google-chrome")
             if (found := shutil.which(one))),
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={folder}/chromium",
    ]  # fmt: skip
    dump = [*base, f"--window-size={width},100", "--dump-dom", str(page)]
    found = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    height = re.search(r"<title>(\d+)</title>", found)
    assert height is not None
    shot = [*base, f"--window-size={width},{height[1]}", f"--screenshot={picture}", str(page)]
    subprocess.run(shot, capture_output=True, check=True)


if __name__ == "__main__":
    main()
