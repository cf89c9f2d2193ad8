"""The status page as HTML: well-formed, reachable for everybody, and proof against its contents."""

from __future__ import annotations

import random
import re
import time
from html import escape
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from exposition_pages import block, full_snapshot
from html_page import faults, read, walk
from inference_exporter.exposition.landing import Landing, Link
from inference_exporter.exposition.status import HTML_HEADERS, StatusPages
from inference_exporter.exposition.status.html.shell import STYLE
from inference_exporter.values.samples import Samples, Snapshot
from inference_exporter.values.status_facts import (
    BadLine,
    Evidence,
    FileState,
    ModelFacts,
    SourceState,
    StatusFacts,
    Traffic,
)
from sidecar import Sidecar
from status_case import CONFIG, drifted, rows

PAGES = StatusPages(Landing(), "/metrics")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title></style><svg onload=alert(1)>",
    "{0.__class__}{label}",
    "../../etc/passwd?a=b&c#d",
    "javascript:alert(1)",
    "\u202egnp.exe\x00\x1b[31m",
    "\ud800",
)


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Sidecar:
    return drifted(tmp_path_factory.mktemp("status"))


def model_page(snapshot: Snapshot, name: str = "m", **query: str) -> str:
    page = PAGES.model(snapshot, name, query)
    assert page is not None
    return page


# -- sound ---------------------------------------------------------------------------------------


def test_pages_have_no_faults(sidecar: Sidecar, tmp_path: Path) -> None:
    empty = Sidecar(tmp_path, CONFIG)
    empty.reads()
    collecting = Sidecar(tmp_path, CONFIG)
    collecting.reads(*rows(random.Random(1), 50, 1.8e9))
    for page in (
        PAGES.home(None, {}, "starting"),
        PAGES.home(full_snapshot(), {}, ""),
        PAGES.home(empty.snapshot, {}, ""),
        PAGES.home(collecting.snapshot, {}, ""),
        PAGES.home(sidecar.snapshot, {}, ""),
        model_page(empty.snapshot),
        model_page(collecting.snapshot),
        model_page(sidecar.snapshot),
        model_page(sidecar.snapshot, window="24h", refresh="15"),
        model_page(sidecar.snapshot, feature="income"),
        model_page(sidecar.snapshot, output="score"),
        model_page(sidecar.snapshot, feature="none"),
    ):
        assert faults(page) == []


def test_the_checker_sees_faults() -> None:
    page = model_page(Snapshot(facts=StatusFacts((ModelFacts("m"),))))
    assert faults(page) == []
    for old, new, fault in (
        ("<h2>Sources</h2>", "<h4>Sources</h4>", "h1 is followed by h4"),
        ("<main", '<p id="main"></p><main', "id main is there 2 times"),
        ("</main>", "<svg></svg></main>", "a picture without words"),
        ("</main>", '<a href="./"></a></main>', "a link without words: {'href': './'}"),
        ("</main>", '<p onclick="x"></p></main>', "onclick on <p>"),
        ("</main>", "<table><tr><td></td></tr></table></main>", "a table without caption"),
    ):
        assert old in page
        assert faults(page.replace(old, new)) == [fault]
    with pytest.raises(AssertionError, match="where <h4> is open"):
        read(page.replace("<h2>", "<h4>"))


def test_every_chart_has_words_and_the_first_ones_a_table(sidecar: Sidecar) -> None:
    root = read(model_page(sidecar.snapshot))
    charts = [one for one in root.all("svg") if one.attributes.get("class") == "bars"]
    assert len(charts) == 5
    assert all(one.attributes["aria-label"] for one in root.all("svg") if "role" in one.attributes)
    for chart in charts:
        assert re.search(r"\d %? ?.*live, .* in the reference", chart.attributes["aria-label"])
    captions = [one.text for one in root.all("caption")]
    for name in ("income", "age", "country", "score", "prediction"):
        assert f"Shares of {name} per bin" in captions


def test_numbers_are_short_and_exact_in_the_tooltip(sidecar: Sidecar) -> None:
    values = read(model_page(sidecar.snapshot)).all("data")
    assert len(values) > 50
    for one in values:
        assert one.attributes["value"] == one.attributes["title"]
        assert np.isfinite(float(one.attributes["value"]))
        assert len(one.text) <= 15, one.text


def test_nothing_moves_by_itself_unless_asked_to(sidecar: Sidecar) -> None:
    still = PAGES.home(sidecar.snapshot, {}, "")
    moving = PAGES.home(sidecar.snapshot, {"refresh": "15"}, "")
    assert "http-equiv" not in still
    assert '<a href="?refresh=15">' in still
    assert '<meta http-equiv="refresh" content="15">' in moving
    assert '<a href="?">Stop that</a>' in moving
    assert "http-equiv" not in PAGES.home(sidecar.snapshot, {"refresh": "0;url=//evil"}, "")


def test_models_that_do_not_exist_have_no_page(sidecar: Sidecar) -> None:
    assert PAGES.model(sidecar.snapshot, "other", {}) is None
    assert PAGES.model(None, "m", {}) is None


def test_the_links_lead_on(sidecar: Sidecar) -> None:
    home = read(PAGES.home(sidecar.snapshot, {}, ""))
    links = {one.text: one.attributes["href"] for one in home.all("a")}
    assert links["m"] == "./models/m"
    assert links["income"] == "./models/m?feature=income#subject"
    assert links["Metrics"] == "./metrics"
    page = read(model_page(sidecar.snapshot, window="24h"))
    links = {one.text: one.attributes["href"] for one in page.all("a")}
    assert links["Status"] == "../"
    assert links["income"] == "?window=24h&feature=income#subject"
    assert 'id="subject"' in model_page(sidecar.snapshot, feature="income")


def test_the_page_before_anything_is_published_says_why() -> None:
    assert "Not ready: opening &lt;logs&gt;" in PAGES.home(None, {}, "opening <logs>")


# -- proof against what it shows -----------------------------------------------------------------


def hostile(text: str) -> Snapshot:
    """Everything that comes from a log or a file name is `text`."""
    n, version = text, text
    evidence = {
        (version, "1h", scope, n): Evidence(np.array([0.2, 0.8]), 10, np.array([1.0, 4.0]))
        for scope in ("feature", "output")
    }
    base = (n, version)
    blocks: list[Samples] = [
        block("inference_model_info", (*base, n, n), values=[1.0]),
        block("inference_requests_total", (*base, n), values=[5.0]),
        block("inference_predictions_total", (*base, n), values=[5.0]),
        block("inference_performance", (*base, n, n, "1h"), values=[0.5]),
        block("inference_performance_reference", (*base, n, n), values=[0.5]),
        block("inference_concept_drift", (*base, n, n), values=[2.0]),
        block("inference_feature_missing_total", (*base, n), values=[3.0]),
        block("inference_feature_invalid_total", (*base, n), values=[3.0]),
        block("inference_threshold", (n, "feature_missing_ratio", ""), values=[0.01]),
        block("inference_exporter_lines_total", (n, n), values=[1.0]),
        block("inference_exporter_series_dropped_total", (n,), values=[1.0]),
        block("inference_exporter_source_up", (n,), values=[1.0]),
    ]
    for scope in ("feature", "output"):
        cells = [(*base, n, n, n, n), (*base, n, n, n + "2", "")]
        blocks += [
            block(f"inference_{scope}_reference_ratio", *cells, values=[0.5, 0.5]),
            block(f"inference_{scope}_bin_rank", *[c[:-1] for c in cells], values=[0.25, 0.75]),
            block(f"inference_{scope}_drift", (*base, n, n, "1h"), values=[0.3]),
            block(f"inference_{scope}_drift_samples", (*base, n, "1h"), values=[30.0]),
            block(f"inference_{scope}_drift_state", (*base, n, "1h"), values=[1.0]),
        ]
    files = (FileState(n, 1, 2, n),)
    model = ModelFacts(
        n, ("1h", n), "file", 10, {n: 3600.0}, evidence, {(version, "1h"): Traffic(5.0, 1.0)}
    )
    source = SourceState(n, files, (n,), BadLine(1.8e9, n, n))
    return Snapshot(tuple(blocks), 1.8e9, StatusFacts((model,), (source,)))


@pytest.mark.parametrize("text", HOSTILE)
def test_names_from_logs_cannot_become_html(text: str) -> None:
    snapshot = hostile(text)
    harmless = hostile("x")
    queries: list[dict[str, str]] = [{}, {"feature": text}, {"output": text}, {"window": text}]
    for query in queries:
        same = {name: "x" for name in query}
        page = model_page(snapshot, text, **query)
        plain = model_page(harmless, "x", **same)
        assert skeleton(page) == skeleton(plain), "other elements than with harmless names"
        assert faults(page) == []
        page.encode("utf-8")
    home, plain = PAGES.home(snapshot, {}, text), PAGES.home(harmless, {}, "x")
    assert skeleton(home) == skeleton(plain)
    assert faults(home) == []


def skeleton(page: str) -> list[tuple[str, tuple[str, ...]]]:
    """Elements with the names of their attributes, in document order."""
    return [(one.tag, tuple(one.attributes)) for one in walk(read(page))]


def test_a_query_nobody_expects_is_only_text(sidecar: Sidecar) -> None:
    text = "<script>alert(1)</script>"
    page = model_page(sidecar.snapshot, feature=text, version=text, window=text)
    assert text not in page
    assert escape(text) in page
    assert faults(page) == []


def test_the_landing_page_of_others_is_escaped_too() -> None:
    pages = StatusPages(Landing("a<b", "1", "c<d", (Link("./e?f&g", "h<i", "j<k"),)), "/m")
    page = pages.home(None, {}, "")
    assert faults(page) == []
    assert '<a href="./e?f&amp;g">h&lt;i</a> <small>j&lt;k</small>' in page


def test_only_the_pages_own_style_is_allowed() -> None:
    policy = HTML_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert not re.search(r"@import|url\(|expression|</", STYLE)


# -- colours -------------------------------------------------------------------------------------


def palettes() -> dict[str, dict[str, str]]:
    """The custom properties of the colour schemes, dark and paper over light."""
    light, dark, paper = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
    first = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", light))
    second = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", dark))
    third = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", paper))
    assert first.keys() == second.keys() == third.keys()
    return {"light": first, "dark": second, "print": third}


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (L1 + 0.05) / (L2 + 0.05) of the relative luminances."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark", "print"])
def test_text_and_bars_stand_out(scheme: str) -> None:
    colours = palettes()[scheme]
    for ink, ground in product(("ink", "muted", "link", "bad", "warn", "ok"), ("paper", "card")):
        assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    for shape in ("live", "known", "link"):
        assert contrast(colours[shape], colours["paper"]) >= 3.0, shape
    named = set(re.findall(r"var\(--([a-z]+)\)", STYLE))
    assert named == set(colours), "a colour that nobody checks"


# -- large ---------------------------------------------------------------------------------------


def large(features: int = 500, bins: int = 10) -> Snapshot:
    """As many features as anybody has, two windows, five statistics, two versions."""
    rng = np.random.default_rng(0)
    names = [f"feature_with_a_long_name_{number:03d}" for number in range(features)]
    blocks: list[Samples] = []
    evidence = {}
    for version in ("1", "2"):
        base = ("m", version)
        cells = [
            (*base, "r", name, f"{at:02d}", f"({at * 123.456:.6g}, {(at + 1) * 123.456:.6g}]")
            for name in names
            for at in range(bins)
        ]
        statistics = ("psi", "js", "ks", "wasserstein", "chi2")
        keys = [(*base, n, s, w) for n in names for s in statistics for w in ("1h", "24h")]
        windows = [(*base, n, w) for n in names for w in ("1h", "24h")]
        counted = [(*base, name) for name in names]
        values = rng.random(len(keys)).tolist()
        shares = np.full(len(cells), 1 / bins).tolist()
        blocks += [
            block("inference_model_info", (*base, "json", "classification"), values=[1.0]),
            block("inference_feature_reference_ratio", *cells, values=shares),
            block("inference_feature_bin_rank", *[c[:-1] for c in cells], values=shares),
            block(
                "inference_feature_bin_total", *[c[:-1] for c in cells], values=[9.0] * len(cells)
            ),
            block("inference_feature_drift_samples", *windows, values=[9e5] * len(windows)),
            block("inference_feature_drift_state", *windows, values=[1.0] * len(windows)),
        ]
        for family in ("", "_critical", "_p_value"):
            blocks.append(block(f"inference_feature_drift{family}", *keys, values=values))
        for kind in ("missing", "invalid", "out_of_range"):
            ones = [1.0] * features
            blocks.append(block(f"inference_feature_{kind}_total", *counted, values=ones))
        for name, window in product(names, ("1h", "24h")):
            counts = rng.multinomial(900_000, np.full(bins, 1 / bins)).astype(float)
            one = Evidence(rng.dirichlet(np.ones(bins)), 200, counts)
            evidence[version, window, "feature", name] = one
    traffic = {(v, w): Traffic(1e6, 10.0) for v in "12" for w in ("1h", "24h")}
    waits = {"1h": 300.0, "24h": 3600.0}
    facts = ModelFacts("m", ("1h", "24h"), "file", 200, waits, evidence, traffic)
    return Snapshot(tuple(blocks), 1.8e9, StatusFacts((facts,)))


@pytest.mark.slow
def test_five_hundred_features_are_a_page_of_bounded_size_and_time() -> None:
    snapshot = large()
    seconds = []
    for _ in range(3):
        started = time.process_time()
        page = model_page(snapshot)
        seconds.append(time.process_time() - started)
    assert len(page.encode()) < 1_000_000
    assert min(seconds) < 0.25, "under 0.1 s on an idle machine"
    assert faults(page) == []
    root = read(page)
    summaries = [one.text for one in root.all("summary")]
    assert "480 more features" in summaries
    rows_of = [len(one.all("tr")) - 1 for one in root.all("table")]
    assert rows_of[0] == 20
    home = PAGES.home(snapshot, {}, "")
    assert len(home.encode()) < 50_000


def test_a_thousand_files_and_fifty_models_stay_readable() -> None:
    files = tuple(FileState(f"/logs/{n}.jsonl", n, n) for n in range(1000))
    models = tuple(ModelFacts(f"model-{n}", ("1h",)) for n in range(50))
    sources = tuple(SourceState(one.name, files[:30]) for one in models)
    snapshot = Snapshot((), 1.8e9, StatusFacts(models, sources))
    page = PAGES.home(snapshot, {}, "")
    assert faults(page) == []
    assert len(page.encode()) < 1_000_000
    assert len(read(page).all("section")) == 50
