"""What is wrong with a machine, in words."""

from leto_sim.machine_check.findings import RESTORED, Finding

FINDING = Finding(
    rule=RESTORED,
    what="command 3 returns another result",
    commands=(b"add 1", b"stop", b"add 1"),
    restored_after=2,
    sides=(("the machine", b"stopped"), ("another", b"2")),
)


def test_a_finding_shows_rule_commands_and_both_sides() -> None:
    assert """\
Adder: command 3 returns another result
  broken: restore() brings back what snapshot() gave, and nothing else

    1  b'add 1'
    2  b'stop'
       -- snapshot, and restore elsewhere --
    3  b'add 1'

  the machine  b'stopped'
  another      b'2'""" == FINDING.render("Adder")


def test_of_many_commands_the_last_are_shown() -> None:
    commands = tuple(b"%d" % number for number in range(1, 31))

    text = Finding(rule=RESTORED, what="x", commands=commands).render("Adder")

    assert "(18 commands before)" in text
    assert "b'18'" not in text
    assert "   19  b'19'" in text.replace("  19  ", "   19  ")


def test_nothing_may_be_restored_too() -> None:
    finding = Finding(
        rule=RESTORED,
        what="x",
        commands=(b"1",),
        restored_after=0,
        sides=(("one", b"1"),),
        used_by=(b"7", b"8"),
    )

    text = finding.render("Adder")

    assert "-- snapshot of nothing, and restore elsewhere --\n    1  b'1'" in text
    assert "the used machine had applied b'7', b'8'" in text
    assert (3, 3) == finding.size
