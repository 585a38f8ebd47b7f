"""Rare situations that a campaign must come across: a test that never sees them proves little.

Responsible for the closed list of them, and for counting. Who notices them is
`leto_sim.lookout` for what both levels have in common, and each level's own. A
situation is named after what happens, not after how it is brought about.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

BOTH: Final = ("node", "server")
NODE: Final = ("node",)
SERVER: Final = ("server",)


class Situation(Enum):
    """A rare situation: in words, and the levels at which it occurs."""

    LEADER_CRASHED_WITH_UNCOMMITTED_ENTRIES = "a leader ends with entries not committed yet", BOTH
    LOG_TRUNCATED = "a follower drops entries that its leader does not have", BOTH
    DURABLE_ENTRIES_TRUNCATED = "what is dropped was durable already", BOTH
    CONFIGURATION_ROLLED_BACK = "what is dropped was a configuration in effect", BOTH
    EARLIER_TERM_COMMITTED = "a leader's commit covers entries of an earlier term", BOTH
    SNAPSHOT_TAKEN = "a node's own snapshot is named", BOTH
    SNAPSHOT_INSTALLED = "a snapshot from a leader is named", BOTH
    SNAPSHOT_IN_PIECES = "a snapshot travels in more than one chunk", BOTH
    SNAPSHOT_RESUMED = "a transfer skips what the follower received in an earlier one", BOTH
    RESTARTED_FROM_SNAPSHOT = "a node starts from a snapshot and the log behind it", BOTH
    JOINT_CONFIGURATION = "a configuration of two sets of voters takes effect", NODE
    ELECTED_IN_JOINT_CONFIGURATION = "a leader is elected by two sets of voters", NODE
    RESTARTED_IN_JOINT_CONFIGURATION = "a node starts within a joint configuration", NODE
    LEADER_DEPOSED = "a leader learns of a later term", BOTH
    LEADER_STEPPED_DOWN = "a leader that hears from no quorum gives up", BOTH
    LEADER_REMOVED_ITSELF = "a leader commits a configuration without itself, and goes", BOTH
    TWO_LEADERS = "a leader is elected while one of an earlier term still thinks it leads", BOTH
    ELECTION_LOST = "a candidate hears of a leader of its own term", BOTH
    ELECTION_WITHOUT_WINNER = "a candidate's patience ends, and it tries again", BOTH
    PRE_VOTE_REFUSED = "a pre-vote is refused", BOTH
    VOTE_REFUSED = "a vote is refused", BOTH
    LEADERSHIP_HANDED_OVER = "a leader asks another node to campaign at once", BOTH
    LOGS_CONFLICTED = "a follower rejects entries, since its log does not match", BOTH
    FOLLOWER_ASKED_FOR_READ_INDEX = "a follower asks the leader how far it must be to read", BOTH
    READ_HELD_FOR_OWN_TERM = "a new leader is asked to read before it has committed anything", NODE
    WINDOW_FULL = "entries wait, since a follower acknowledges too slowly", NODE
    QUOTA_REFUSED = "a proposal is refused: too much is not committed", NODE
    DISK_FULL_REFUSED = "a proposal is refused: the disk is full", NODE
    OUTCOME_UNKNOWN = "a proposal's outcome is not known", NODE
    CHANGE_REFUSED = "a membership change is refused: another one is in progress", NODE
    TRANSFER_COMPLETED = "whoever asked for a transfer is told that it was done", NODE
    TRANSFER_GIVEN_UP = "a transfer takes too long", NODE
    LEASE_READ = "a lease suffices to read", NODE
    LEASE_READ_WITHOUT_LEASE = "a lease does not suffice, and a quorum is asked", NODE
    WRITES_LOST = "a crash loses writes that were not synced", NODE
    WRITES_SURVIVED = "a crash keeps writes that were not synced", NODE
    CRASHED_WHILE_WRITING = "a node dies in the middle of a write", NODE
    CLOCK_STOPPED = "a node's clock stands still", NODE
    LINKS_CLOGGED = "links stop, and then everything arrives", NODE
    DAMAGE_NOTICED = "a node refuses to go on, since what was synced is damaged", BOTH
    DISK_UNREADABLE = "a node cannot read its disk", BOTH
    STRANGER_ADMITTED = "a node takes the place of one whose data is lost", BOTH
    CORE_ALONE_HEALED = "a quorum must go on while everything else stays broken", BOTH
    QUORUM_GIVEN_UP = "survivors of a lost quorum go on, on an operator's word", BOTH
    COMMITTED_ENTRIES_GIVEN_UP = "what only the lost nodes had committed is lost", BOTH
    FORCING_REFUSED = "an operator's word is refused, for a quorum may be alive", BOTH
    SEGMENT_BEGUN = "the log goes on in a new file", SERVER
    FILE_DELETED = "a file is deleted, since nobody needs it any more", SERVER
    RESUMED_AFTER_RESTART = "a server goes on with a snapshot that it was receiving before", SERVER
    RESTORED_AT_BOOT = "a server finds its log again", SERVER
    JOINED = "a server is told that it is a member", SERVER
    LINK_RESET = "a link between two servers is reset", SERVER
    DIAL_REFUSED = "nobody listens where a server dials", SERVER
    CLIENT_RESET = "a client's connection ends", SERVER
    CLIENT_NOT_READ = "a client sends faster than it is answered, and is read no more", SERVER
    REPLIED_LOADING = "a client is told that the server is still loading", SERVER
    REPLIED_NOT_LEADER = "a client is told to ask another server", SERVER
    REPLIED_CLUSTERDOWN = "a client is told that nothing was done", SERVER
    REPLIED_UNKNOWN = "a client is told that nobody knows", SERVER
    STRANGER_REFUSED = "a server with a member's name and other data is refused", SERVER
    SERVER_MOVED = "a server is found at another address than before", SERVER
    REMOVED_ENDED = "a server that was removed ends", SERVER
    DISK_FAILED_ENDED = "a server whose disk has failed ends", SERVER

    def __init__(self, sentence: str, levels: tuple[str, ...]) -> None:
        self.sentence = sentence
        self.levels = levels

    @property
    def title(self) -> str:
        """Its name for people, such as `log truncated`."""
        return self.name.lower().replace("_", " ")


def situations_of(level: str) -> tuple[Situation, ...]:
    """What a campaign at that level must come across."""
    return tuple(situation for situation in Situation if level in situation.levels)


class Sometimes:
    """How often each situation has occurred in one run."""

    def __init__(self) -> None:
        # By sentence: an enumeration's own hash is computed in Python.
        self._counts: dict[str, int] = {}

    def occurred(self, situation: Situation) -> None:
        """Once more. O(1)."""
        self._counts[situation.sentence] = self._counts.get(situation.sentence, 0) + 1

    @property
    def counts(self) -> Mapping[str, int]:
        """By title, in the order of the list; what never occurred is left out."""
        return {
            situation.title: self._counts[situation.sentence]
            for situation in Situation
            if situation.sentence in self._counts
        }
