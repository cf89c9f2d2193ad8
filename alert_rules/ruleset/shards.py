"""Recording rules in shards of models: every group several times, each over some of the models.

PromQL cannot hash a label, so models are told apart by regular expressions: those that are given,
or classes of the last character of a name. The last shard has every model that no other one has.
Names and labels of what is recorded stay as they are, so alerts and dashboards know nothing of
shards, and another number of shards loses no history.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from alert_rules.ruleset.rules import Alert, Group, Recording

MOST = 20
_DIGITS = "0123456789"
_LETTERS = "edtsnrylaomhkgpfwcbuixvzqj"  # by how often words end in them, roughly
_SELECTOR = re.compile(r"(?<![\w:])(inference_\w+|model\w*:[\w:]+)(\{)?")


def patterns(given: Sequence[str]) -> tuple[str, ...]:
    """Regular expressions of all shards but the last: a number of shards, or the expressions.

    >>> patterns(["3"])
    ('.*[0369eryhkcbzq]', '.*[147dnlmgwuvj]')
    >>> patterns(["team-a-.+", "team-b-.+"])
    ('team-a-.+', 'team-b-.+')
    """
    if len(given) != 1 or not given[0].isdecimal():
        return tuple(_plain(one) for one in given)
    number = int(given[0])
    if not 1 <= number <= MOST:
        raise ValueError(f"from 1 to {MOST} shards, not {number}")
    classes = (_DIGITS[at::number] + _dealt(at, number) for at in range(number - 1))
    return tuple(f".*[{one}]" for one in classes)


def _dealt(at: int, number: int) -> str:
    """Every letter whose turn it is: from the first shard to the last and back again."""
    there_and_back = (*range(number), *reversed(range(number)))
    turns = (there_and_back[place % len(there_and_back)] for place in range(len(_LETTERS)))
    return "".join(letter for letter, turn in zip(_LETTERS, turns, strict=True) if turn == at)


def _plain(pattern: str) -> str:
    """It goes into PromQL between quotes as it is."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r}: {error}") from error
    if re.search(r'["\\{}\n]', pattern):
        raise ValueError(f"{pattern!r}: quotes, backslashes and braces cannot be in a shard")
    return pattern


def matchers(found: Sequence[str]) -> tuple[str, ...]:
    """What selects the models of each shard: every model is in exactly one.

    Of expressions that overlap the first one counts.

    >>> matchers(["a.*", ".*b"])
    ('model=~"a.*"', 'model=~".*b", model!~"a.*"', 'model!~"a.*|.*b"')
    """
    before = ["|".join(found[:at]) for at in range(len(found) + 1)]
    yes = [f'model=~"{one}"' for one in found] + [""]
    no = [f'model!~"{one}"' if one else "" for one in before]
    return tuple(", ".join(filter(None, pair)) for pair in zip(yes, no, strict=True))


def sharded(groups: Sequence[Group], number: int, matcher: str) -> tuple[Group, ...]:
    """The groups of one shard; `number` counts from 1 and is part of their names."""
    return tuple(
        replace(
            group,
            name=f"{group.name}-{number}",
            rules=tuple(_narrowed(rule, matcher) for rule in group.rules),
        )
        for group in groups
    )


def _narrowed(rule: Recording | Alert, matcher: str) -> Recording | Alert:
    return replace(rule, expr=narrowed(rule.expr, matcher))


def narrowed(expr: str, matcher: str) -> str:
    """The expression with the matcher in each of its selectors.

    >>> narrowed('sum by (model) (rate(inference_requests_total{code="200"}[5m]))', 'model=~"a"')
    'sum by (model) (rate(inference_requests_total{model=~"a", code="200"}[5m]))'
    >>> narrowed("model:inference_requests:increase1h > 0", 'model=~"a"')
    'model:inference_requests:increase1h{model=~"a"} > 0'
    """
    return _SELECTOR.sub(lambda found: f"{found[1]}{{{matcher}" + (", " if found[2] else "}"), expr)
