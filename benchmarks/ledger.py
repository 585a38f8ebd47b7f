"""What writers were told, and whether the nodes agree with it afterwards.

Responsible for the judgement, and for nothing that starts, kills or connects: so
it can be shown to find what it looks for. Every attempt to write has a key of its
own, written once and never again, which makes the rules simple:

1. what was acknowledged is there, on every node;
2. what was certainly refused is nowhere;
3. what nobody knows about is there or not, but on all nodes alike;
4. nothing else is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

import attrs

SHOWN_MAX = 5  # examples in one sentence


class Fate(Enum):
    """What a writer was told about one attempt."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@attrs.define
class Ledger:
    """Every attempt of one writer and what it was told; the writer writes it."""

    fates: dict[str, Fate] = attrs.Factory(dict[str, Fate])

    def count(self, fate: Fate) -> int:
        """How often it was told this."""
        return sum(told is fate for told in self.fates.values())

    def keys(self, fate: Fate) -> list[str]:
        """The keys of the attempts that ended so."""
        return [key for key, told in self.fates.items() if told is fate]


@attrs.frozen(kw_only=True)
class Found:
    """What one node holds at the end."""

    node: str
    values: Mapping[str, str]  # of the keys that anybody tried to write
    keys: int  # that it holds, by its own count


def value_of(key: str) -> str:
    """The only value that is ever written to a key."""
    return f"value of {key}"


def merged(ledgers: Iterable[Ledger]) -> Ledger:
    """All writers' attempts; no two of them share a key."""
    return Ledger({key: fate for ledger in ledgers for key, fate in ledger.fates.items()})


def violations(ledger: Ledger, founds: Sequence[Found]) -> list[str]:
    """The rules that were broken, a sentence for each rule and node."""
    acknowledged, refused = ledger.keys(Fate.ACKNOWLEDGED), ledger.keys(Fate.REFUSED)
    sentences: list[str] = []
    for found in founds:
        lost = [key for key in acknowledged if key not in found.values]
        appeared = [key for key in refused if key in found.values]
        altered = [key for key, value in found.values.items() if value != value_of(key)]
        sentences += _sentence(found.node, "lacks what was acknowledged", lost)
        sentences += _sentence(found.node, "holds what was certainly refused", appeared)
        sentences += _sentence(found.node, "holds a value that nobody wrote", altered)
        if found.keys != len(found.values):
            sentences.append(
                f"{found.node} counts {found.keys} keys, but {len(found.values)} of those that"
                " were written"
            )
    return sentences + _disagreements(founds)


def _disagreements(founds: Sequence[Found]) -> list[str]:
    """Rule 3: the nodes may not differ, not even about what nobody knows."""
    sentences: list[str] = []
    for found in founds[1:]:
        first = founds[0]
        differing = sorted(first.values.keys() ^ found.values.keys())
        sentences += _sentence(f"{first.node} and {found.node}", "differ about", differing)
    return sentences


def _sentence(node: str, what: str, keys: Sequence[str]) -> list[str]:
    if not keys:
        return []
    return [f"{node} {what}: {len(keys)} keys, such as {', '.join(keys[:SHOWN_MAX])}"]
