import pytest

from leto.raft.actions import Outcome, Refusal
from leto.raft.actions import Refused as RefusedOutcome
from leto.raft.actions import Unknown as UnknownOutcome
from leto.resp import ErrorReply
from leto.server.clients import errors
from leto.server.program.failures import (
    NotDone,
    NotLeader,
    Refused,
    Unknown,
    failure_in,
    failure_of,
)


def told(failure: NotDone) -> tuple[type[NotDone], str]:
    return type(failure), str(failure)


@pytest.mark.parametrize(
    "error,failure",
    [
        (errors.UNKNOWN, Unknown(errors.UNKNOWN.message)),
        (errors.CHANGE_UNKNOWN, Unknown(errors.CHANGE_UNKNOWN.message)),
        (errors.not_leader("h:1"), NotLeader("h:1")),
        (errors.NO_LEADER, NotLeader(None)),
        (errors.DISK_FULL, Refused(errors.DISK_FULL.message)),
        (ErrorReply("ERR no"), Refused("ERR no")),
    ],
)
def test_every_error_has_a_kind(error: ErrorReply, failure: NotDone) -> None:
    assert told(failure) == told(failure_in(error))


@pytest.mark.parametrize(
    "outcome,failure",
    [
        (RefusedOutcome(Refusal.NOT_LEADER), NotLeader("h:1")),
        (RefusedOutcome(Refusal.DISK_FULL), Refused(Refusal.DISK_FULL.value)),
        (UnknownOutcome(), Unknown("it may have been done, or may be yet")),
    ],
)
def test_what_was_refused_and_what_is_unknown_are_told_apart(
    outcome: Outcome, failure: NotDone
) -> None:
    assert told(failure) == told(failure_of(outcome, "h:1"))


def test_who_does_not_lead_names_who_does() -> None:
    failure = failure_in(errors.not_leader("h:1"))

    assert isinstance(failure, NotLeader)
    assert "h:1" == failure.leader
    assert "not leader; ask h:1" == str(failure)
