"""What is counted is counted for the part of the program that executes it."""

import pytest

from benchmarks import bytecodes
from benchmarks.bytecodes import REST, _part_of


@pytest.mark.parametrize(
    "file,part",
    [
        ("/leto/raft/node.py", "the core"),
        ("/leto/server/server.py", "the server"),
        ("/sim/leto_sim/node_level/process.py", "process"),
        ("/sim/leto_sim/scheduler.py", REST),
    ],
)
@pytest.mark.parametrize("root", ["/somewhere/leto", "/somewhere/else"])
def test_a_file_is_of_its_part_wherever_the_checkout_is(
    root: str, file: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bytecodes, "ROOT", root)
    code = compile("", root + file, "exec")

    assert part == _part_of(code)
