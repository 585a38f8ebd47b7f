"""What a node did and why: records of a stable shape, documented one by one."""

import re
from pathlib import Path
from typing import get_args

import attrs

from leto.raft.traces.reasons import Reason
from leto.raft.traces.record import Record

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "trace-records.md"
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \|", re.MULTILINE)


def test_every_record_is_documented_with_its_fields() -> None:
    """The page is the promise: what stands there stays."""
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    documented = {step: re.findall(r"`(\w+)`", fields) for step, fields in rows}

    built = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): [
            field.name for field in attrs.fields(kind)
        ]
        for kind in get_args(Record)
    }

    reasons: dict[str, list[str]] = {reason.name.lower(): [] for reason in Reason}
    assert built | reasons == documented
