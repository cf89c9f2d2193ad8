"""The compiled type and the walk through a dict are two ways to the same row."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats import make_decoder
from inference_exporter.formats.columns.plan import Kind, make_plan
from inference_exporter.formats.json_lines import JsonDecoder
from inference_exporter.formats.mapping.decoder import MappedDecoder
from inference_exporter.values.batch import Batch
from json_cases import FEATURES, LINES, columns, models, outcome


@given(models(), FEATURES, st.lists(LINES, max_size=6), st.booleans())
def test_both_ways_give_the_same_batch(
    model: ModelConfig, features: dict[str, Kind], lines: list[str], collect: bool
) -> None:
    block = "".join(f"{line}\n" for line in lines).encode("utf-8")
    plan = make_plan(model, None if collect else features, collect)
    either, generic = JsonDecoder(model, plan), JsonDecoder(model, plan)
    generic._compiled = generic._native = None
    assert outcome(either.decode(block)) == outcome(generic.decode(block))


@settings(deadline=None)
@given(models(), FEATURES, st.lists(LINES, max_size=6), st.booleans())
def test_without_steps_the_mapped_decoder_gives_what_the_plain_one_does(
    model: ModelConfig, features: dict[str, Kind], lines: list[str], collect: bool
) -> None:
    block = "".join(f"{line}\n" for line in lines).encode("utf-8")
    plan = make_plan(model, None if collect else features, collect)
    plain, mapped = JsonDecoder(model, plan).decode(block), MappedDecoder(model, plan).decode(block)
    assert columns(mapped.batch) == columns(plain.batch)
    assert (mapped.results, mapped.invalid) == (plain.results, plain.invalid)
    assert mapped.bad_example == plain.bad_example


@given(models(), FEATURES, st.lists(LINES, max_size=6))
def test_a_block_is_the_sum_of_its_lines(
    model: ModelConfig, features: dict[str, Kind], lines: list[str]
) -> None:
    decoder = make_decoder(model, features)
    whole = decoder.decode("".join(f"{line}\n" for line in lines).encode())
    singles = [decoder.decode(f"{line}\n".encode()) for line in lines]
    for result in ("ok", "malformed", "empty", "filtered"):
        assert whole.results.get(result, 0) == sum(d.results.get(result, 0) for d in singles)
    assert sum(whole.results.values()) == len(lines)
    for name in whole.invalid:
        assert whole.invalid[name] == sum(d.invalid.get(name, 0) for d in singles)
    together = [_rows(single.batch) for single in singles if single.batch.rows]
    assert _rows(whole.batch) == [row for rows in together for row in rows]


def _rows(batch: Batch) -> list[tuple[object, ...]]:
    numbers = [batch.timestamp, batch.score, batch.latency, *batch.steps.values()]
    texts = [batch.prediction, batch.trace_id]
    parts: list[Sequence[object]] = [
        [repr(v) for v in column.values] for column in numbers if column is not None
    ]
    parts += [[repr(v) for v in column] for column in texts if column is not None]
    parts += [[repr(v) for v in column.values] for column in batch.features.values()]
    return list(zip(*parts, strict=True)) if parts else [()] * batch.rows


@given(models(), FEATURES, st.binary(max_size=200), st.booleans())
def test_no_bytes_stop_the_decoder(
    model: ModelConfig, features: dict[str, Kind], block: bytes, collect: bool
) -> None:
    decoded = make_decoder(model, None if collect else features, collect=collect).decode(block)
    assert sum(decoded.results.values()) == len(block.removesuffix(b"\n").split(b"\n")) - (
        not block.removesuffix(b"\n") and not block
    )


@given(models(), st.lists(LINES, min_size=1, max_size=4))
def test_line_ends_and_a_byte_order_mark_change_nothing(
    model: ModelConfig, lines: list[str]
) -> None:
    assume(all(line.strip() for line in lines))
    decoder = make_decoder(model, {"a": "numeric"})
    unix = "".join(f"{line}\n" for line in lines).encode()
    dos = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    first, second = decoder.decode(unix), decoder.decode(dos)
    assert columns(first.batch) == columns(second.batch)
    assert (first.results, first.invalid) == (second.results, second.invalid)
