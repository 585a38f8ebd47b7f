"""Tests of other people's tests: seeds, fixtures, and what a failure shows."""

import pytest

MACHINE = """
    import pytest
    from leto_sim import CommandWorkload, simulate

    class Adder:
        def __init__(self):
            self.total = 0
        def apply(self, command):
            self.total += int(command)
            return b"%d" % self.total
        def snapshot(self):
            return b"%d" % self.total
        def restore(self, content):
            self.total = int(content)

    class Forgetful(Adder):
        def restore(self, content):
            self.total = 0
"""


class Desk:
    """Somebody else's project."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester

    def run(self, test: str, *flags: str) -> pytest.RunResult:
        self._pytester.makepyfile(MACHINE + test)
        return self._pytester.runpytest(
            "-p", "leto_sim.pytest_plugin", "-p", "no:cacheprovider", *flags
        )


@pytest.fixture
def desk(pytester: pytest.Pytester) -> Desk:
    return Desk(pytester)


def test_a_cluster_is_driven_in_virtual_time(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(machine=Adder, nodes=5)
    def test_it(leto_cluster):
        assert 5 == len(leto_cluster.nodes)
        assert b"1" == leto_cluster.propose(b"1")
        leto_cluster.run_for(3_600 * 1_000_000 // 100)
        assert 1 == leto_cluster.query(Adder, lambda adder: adder.total)
    """
    )

    done.assert_outcomes(passed=1)


def test_registers_are_replicated_unless_the_mark_says_otherwise(desk: Desk) -> None:
    done = desk.run(
        """
    def test_it(leto_cluster):
        assert 3 == len(leto_cluster.nodes)
        assert b"" == leto_cluster.propose(bytes(8))
    """
    )

    done.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "flags,passed", [((), 1), (("--leto-seeds", "4"), 4), (("--leto-seeds", "7..9"), 3)]
)
def test_a_test_that_takes_the_seed_runs_once_for_each(
    desk: Desk, flags: tuple[str, ...], passed: int
) -> None:
    done = desk.run("    def test_it(leto_seed): assert leto_seed >= 0", *flags)

    done.assert_outcomes(passed=passed)


def test_the_mark_says_how_many_seeds_unless_the_flag_does(desk: Desk) -> None:
    test = """
    @pytest.mark.leto(seeds=3)
    def test_it(leto_scenario): assert leto_scenario.seed in range(3)
    """

    desk.run(test).assert_outcomes(passed=3)
    desk.run(test, "--leto-seeds", "2").assert_outcomes(passed=2)


def test_other_tests_run_once(desk: Desk) -> None:
    done = desk.run("    def test_it(): pass", "--leto-seeds", "9")

    done.assert_outcomes(passed=1)


def test_the_scenario_is_as_the_mark_says(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(nodes=5, events=123)
    def test_it(leto_scenario):
        assert (5, 123) == (leto_scenario.nodes, leto_scenario.events_max)
    """
    )

    done.assert_outcomes(passed=1)


def test_a_failed_run_shows_its_screen_the_shrunk_scenario_and_how_to_see_it_again(
    desk: Desk,
) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(nodes=3, events=3_000)
    def test_it(leto_scenario):
        workload = CommandWorkload(commands=[b"1", b"2"])
        simulate(Forgetful, scenario=leto_scenario, workload=workload).raise_if_violated()
    """,
        "--leto-seeds",
        "3",
        "--leto-shrink",
        "1",
    )

    assert done.parseoutcomes()["failed"] > 0
    done.stdout.fnmatch_lines(
        [
            "*- leto -*",
            "VIOLATED: *",
            "view        leto-runs/*test_it-seed*.html",
            "scenario    leto-runs/*test_it-seed*.toml",
            "the scenario, shrunk in * attempts*",
            "format = 1",
            'violates = "*',
            "again       pytest '*::test_it[[]seed*' --leto-seeds *..*",
        ]
    )


def test_what_a_failed_run_leaves_is_named_for_the_test(
    desk: Desk, pytester: pytest.Pytester
) -> None:
    desk.run(
        """
    from leto_sim import Invariant
    @pytest.mark.leto(events=300)
    @pytest.mark.parametrize("way", ["a/b"])
    def test_it(leto_seed, way):
        never = Invariant("never", lambda cluster: "it is so")
        simulate(seed=leto_seed, events=300, invariants=[never]).raise_if_violated()
    """,
        "--leto-shrink",
        "0",
    )

    name = "test_what_a_failed_run_leaves_is_named_for_the_test.py-test_it-seed0-a-b"
    found = sorted(file.name for file in (pytester.path / "leto-runs").iterdir())
    assert [".gitignore", f"{name}.html", f"{name}.toml"] == found


def test_a_cluster_that_is_driven_by_hand_is_recorded_if_asked(
    desk: Desk, pytester: pytest.Pytester
) -> None:
    test = """
    @pytest.mark.leto(machine=Adder)
    def test_it(leto_cluster):
        leto_cluster.propose(b"1")
        assert False
    """

    desk.run(test).stdout.fnmatch_lines(["again       pytest * --leto-view"])
    assert not (pytester.path / "leto-runs").exists()
    desk.run(test, "--leto-view").stdout.fnmatch_lines(["view        leto-runs/*.html"])
    assert [] != list((pytester.path / "leto-runs").glob("*.html"))


def test_a_failed_test_of_a_cluster_shows_what_happened_in_it(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(machine=Adder)
    def test_it(leto_cluster):
        leto_cluster.propose(b"1")
        assert False
    """
    )

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*- leto -*", "seed 0, node level: *", "again       pytest *"])


def test_what_a_call_makes_visible_is_shown_as_a_violation(desk: Desk) -> None:
    done = desk.run(
        """
    made = iter(range(100))

    class Differs(Adder):
        def apply(self, command):
            return b"%d" % next(made)

    @pytest.mark.leto(machine=Differs)
    def test_it(leto_cluster):
        leto_cluster.propose(b"1")
        leto_cluster.settle()
    """
    )

    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*- leto -*", "VIOLATED: the state machine is deterministic*"])


def test_failures_that_have_nothing_to_do_with_a_run_show_nothing(desk: Desk) -> None:
    done = desk.run("    def test_it(leto_seed): assert False")

    done.assert_outcomes(failed=1)
    done.stdout.no_fnmatch_line("*- leto -*")


def test_a_scenario_may_be_of_whole_servers(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(level="server", nodes=3, events=3_000, seeds=3)
    def test_it(leto_scenario):
        workload = CommandWorkload(commands=[b"1", b"2"])
        simulate(Forgetful, scenario=leto_scenario, workload=workload).raise_if_violated()
    """,
        "--leto-shrink",
        "1",
    )

    assert done.parseoutcomes()["failed"] > 0
    done.stdout.fnmatch_lines(
        ["*- leto -*", "VIOLATED: *", "seed *, server level: VIOLATED", 'level = "server"']
    )
    done.stdout.no_fnmatch_line("replay *")


def test_a_cluster_by_hand_may_be_of_whole_servers(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(machine=Adder, level="server")
    def test_it(leto_cluster):
        assert "server" == leto_cluster.result.level
        assert b"1" == leto_cluster.propose(b"1")

    @pytest.mark.leto(level="server")
    def test_keys(leto_cluster):
        assert 1 == leto_cluster.command("INCR", "key")

    @pytest.mark.leto(level="moon")
    def test_nowhere(leto_cluster): pass
    """
    )

    done.assert_outcomes(passed=2, errors=1)
    done.stdout.fnmatch_lines(['*no such level \'moon\'; there are "node" and "server"*'])


def test_a_misspelt_option_is_told(desk: Desk) -> None:
    done = desk.run(
        """
    @pytest.mark.leto(node=5)
    def test_it(leto_cluster): pass
    """
    )

    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*no such option node; there are events, level, machine, nodes*"])


def test_nothing_of_the_simulator_is_loaded_before_a_test_asks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
    import sys
    def test_it(): assert not [name for name in sys.modules if name.startswith("leto.")]
    """
    )

    done = pytester.runpytest_subprocess("-p", "leto_sim.pytest_plugin")

    done.assert_outcomes(passed=1)
