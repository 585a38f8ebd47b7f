"""Why a step was not taken, or a leadership ended: the words for it."""

from enum import Enum


class Reason(Enum):
    """Why something was refused, ignored, put off or given up."""

    LOG_BEHIND = "the log asked about is behind this one"
    VOTED_FOR_ANOTHER = "this term's vote is given"
    CAMPAIGNS_ITSELF = "this node stands or leads itself"
    FOLLOWS_A_LEADER = "this node follows a live leader"
    PROMISED = "this node has promised a leader to grant nothing yet"
    TERM_OVER = "the term is over"
    NEWER_TERM = "there is a newer term"
    QUORUM_LOST = "too few have acknowledged for an election timeout"
    DISK_HANGS = "the disk has hung for an election timeout"
    REMOVED = "this node is no voter any more"
    NO_VOTER = "this node is no voter, or not to lead"
    OTHER_LEADER = "the term has another leader"
