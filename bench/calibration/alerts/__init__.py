"""Traffic through decisions *and* shipped rules, minute by minute: how often the pager is wrong.

    exporter  one replica: minutes of rows in, decisions out, as scraped
    promql    the operators that the rules need, on arrays with a minute a row
    rules     the shipped rules of drift as arrays
    replay    both together, over hours of traffic
    regimes   kinds of traffic, and what pages in them
    month     one model with labels, scores, segments, groups and flaws
    labels    the shipped rules of performance as arrays
    whole     every statistical alert of that model at once

tests/ops/test_replay.py holds `rules` against promtool on the same series.
"""
