import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leto.kv.glob import compile_glob, fitting


def fits(pattern: bytes, key: bytes) -> bool:
    return compile_glob(pattern).fullmatch(key) is not None


@pytest.mark.parametrize(
    "pattern, fitting, others",
    [
        (b"", [b""], [b"a"]),
        (b"key", [b"key"], [b"", b"ke", b"keys", b"KEY"]),
        (b"*", [b"a", b"\r\n\xff"], [b""]),
        (b"**", [b"a"], [b""]),
        (b"k*", [b"k", b"key"], [b"", b"ak"]),
        (b"*y", [b"y", b"key"], [b"", b"yk"]),
        (b"k*y", [b"ky", b"key", b"kyy"], [b"k", b"y", b"kyk"]),
        (b"*a*b*", [b"ab", b"xaxbx", b"aab"], [b"ba", b"a", b"b"]),
        (b"*aab", [b"aab", b"aaab", b"aabaab"], [b"aaba", b"ab"]),
        (b"k*a**b?d", [b"kabcd", b"kaabbabxd"], [b"kabd", b"kbcd"]),
        (b"h?llo", [b"hello", b"h\nllo"], [b"hllo", b"heello"]),
        (b"h[ae]llo", [b"hello", b"hallo"], [b"hillo", b"hllo"]),
        (b"h[^e]llo", [b"hallo", b"h^llo"], [b"hello"]),
        (b"h[a-c]llo", [b"hallo", b"hcllo"], [b"hdllo", b"h-llo"]),
        (b"h[c-a]llo", [b"hallo", b"hcllo"], [b"hdllo"]),
        (b"[]-a]", [], [b"]", b"a"]),
        (b"[a-]", [b"a", b"]", b"^"], [b"-", b"b"]),
        (b"[-a]", [b"a", b"-"], [b"b"]),
        (b"[a-", [b"a", b"-"], [b"b"]),
        (b"[]", [], [b"", b"]", b"a"]),
        (b"[^]", [b"]", b"a"], [b""]),
        (b"[ab", [b"a", b"b"], [b"", b"c"]),
        (b"[\\]a]", [b"]", b"a"], [b"\\"]),
        (b"[\\", [b"\\"], [b"a"]),
        (b"[&&--||~~]", [b"&", b"-", b"|", b"~"], [b"a"]),
        (b"\\*", [b"*"], [b"a", b"\\*"]),
        (b"\\?\\[", [b"?["], []),
        (b"a\\", [b"a\\"], [b"a"]),
        (b".+", [b".+"], [b"aa"]),
        (b"\xff?", [b"\xff\xfe"], [b"\xfe\xff"]),
    ],
)
def test_a_pattern_fits_the_keys_it_describes(
    pattern: bytes, fitting: list[bytes], others: list[bytes]
) -> None:
    assert [True] * len(fitting) == [fits(pattern, key) for key in fitting]
    assert [False] * len(others) == [fits(pattern, key) for key in others]


@pytest.mark.parametrize(
    "pattern, found", [(b"*", (b"a", b"", b"b")), (b"**", (b"a", b"b")), (b"b", (b"b",))]
)
def test_what_fits_is_picked_in_its_order(pattern: bytes, found: tuple[bytes, ...]) -> None:
    assert found == fitting(pattern, [b"a", b"", b"b"])


@given(
    st.lists(st.sampled_from([b"*", b"?", b"a", b"b"])).map(b"".join),
    st.lists(st.sampled_from([b"a", b"b"])).map(b"".join),
)
def test_taking_the_first_match_behind_a_star_loses_nothing(pattern: bytes, key: bytes) -> None:
    assume(key or not pattern)  # Redis's own rule for the empty key
    backtracking = pattern.replace(b"*", b".*").replace(b"?", b".")

    assert (re.fullmatch(backtracking, key) is not None) == fits(pattern, key)


def test_no_pattern_takes_exponential_time() -> None:
    """With backtracking this would outlive any test run."""
    assert not fits(b"*a" * 40 + b"*b", b"a" * 400)


@given(st.binary(), st.binary())
def test_no_pattern_raises(pattern: bytes, key: bytes) -> None:
    assert fits(pattern, key) in {True, False}
