"""The list of rare situations, and their count."""

from leto_sim.sometimes import Situation, Sometimes, situations_of


def test_every_situation_has_a_sentence_and_a_level_of_its_own() -> None:
    sentences = [situation.sentence for situation in Situation]

    assert len(sentences) == len(set(sentences))
    assert all(situation.levels for situation in Situation)


def test_there_are_situations_at_each_level() -> None:
    at_node, at_server = situations_of("node"), situations_of("server")

    assert len(at_node) >= 25
    assert len(at_server) >= 15
    assert Situation.LEASE_READ in at_node
    assert Situation.LEASE_READ not in at_server


def test_what_occurs_is_counted_in_the_order_of_the_list() -> None:
    sometimes = Sometimes()
    for situation in (Situation.VOTE_REFUSED, Situation.LOG_TRUNCATED, Situation.VOTE_REFUSED):
        sometimes.occurred(situation)

    assert [("log truncated", 1), ("vote refused", 2)] == list(sometimes.counts.items())
