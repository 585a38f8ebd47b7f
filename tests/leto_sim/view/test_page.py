"""One file that needs nothing else; and in a browser: opened, stepped through, searched."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Page, sync_playwright

from leto_sim.view.document import Json
from leto_sim.view.page import PROGRAM, render_page
from tests.support.recorded import recorded_violation

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = pytest.mark.timeout(300)


def test_the_page_holds_everything_and_asks_for_nothing() -> None:
    page = render_page({"names": ["id1"]})

    assert '{"names":["id1"]}' in page
    assert "@@" not in page
    assert "requestAnimationFrame" in page
    assert None is re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:|//)|@import|url\(""", page)


def test_every_part_of_the_program_is_in_the_page() -> None:
    folder = Path(__file__).parents[3] / "sim" / "leto_sim" / "view" / "program"

    assert sorted(PROGRAM) == sorted(file.stem for file in folder.glob("*.js"))


def test_no_text_of_a_run_ends_its_element() -> None:
    page = render_page({"texts": ["</script><script>alert(1)</script>"]})

    assert "</script><script>alert" not in page
    assert r"\u003c/script>" in page


# --- in a browser --------------------------------------------------------------------------


LANES_LEFT, CUTS_Y = 66, 28  # where stage.js draws


@cache
def shown() -> dict[str, Json]:
    """What the page of most tests shows."""
    return recorded_violation().document()


def column(name: str) -> Sequence[Sequence[Json]]:
    return cast("Sequence[Sequence[Json]]", shown()[name])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("view") / "run.html"
    file.write_text(render_page(shown()), encoding="utf-8")
    return file.as_uri()


@pytest.fixture(scope="module")
def browser_page(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser.new_page(viewport={"width": 1400, "height": 850})
        browser.close()


@pytest.fixture
def page(browser_page: Page, address: str) -> Iterator[Page]:
    """The page, opened anew; nothing may go wrong in it."""
    wrong: list[str] = []
    browser_page.on("console", lambda message: wrong.append(message.text))
    browser_page.on("pageerror", lambda error: wrong.append(str(error)))
    browser_page.goto("about:blank")
    browser_page.goto(address)
    yield browser_page
    drawn(browser_page)
    assert [] == wrong


def reopen(page: Page, folder: Path, **changed: Json) -> None:
    """The same run, but for these parts of it."""
    file = folder / "run.html"
    file.write_text(render_page({**shown(), **changed}), encoding="utf-8")
    page.goto(file.as_uri())


def drawn(page: Page) -> None:
    """Wait until what was asked for has been drawn, however busy the machine."""
    page.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def follow_link(page: Page, number: int) -> None:
    """Go to an event by the page's address; the browser tells the page of it a little later."""
    page.goto(f"{page.url.partition('#')[0]}#event={number}")
    shown_text = "document.getElementById('event').textContent"
    page.wait_for_function(f"{shown_text} === 'event {number}'")


def event(page: Page) -> int:
    return int(page.inner_text("#event").removeprefix("event "))


def test_it_opens_at_the_violation_and_explains_it(page: Page) -> None:
    assert "the sun shines" == page.inner_text("#property")
    assert "it has set" == page.inner_text("#explanation")
    assert "VIOLATED" == page.inner_text("#verdict").upper()
    assert event(page) >= 899


def test_keys_step_back_and_forward(page: Page) -> None:
    there = event(page)

    page.keyboard.press("ArrowLeft")
    before = event(page)
    page.keyboard.press("ArrowRight")

    assert before < there == event(page)


def test_the_beginning_and_the_violation_are_a_key_away(page: Page) -> None:
    there = event(page)

    page.keyboard.press("Home")
    first = event(page)
    page.keyboard.press("v")

    assert first < there == event(page)


def test_a_search_finds_events_and_goes_from_one_to_the_next(page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("/")
    page.keyboard.type("RequestVote")

    page.keyboard.press("Enter")
    first = event(page)
    page.keyboard.press("Enter")

    assert "RequestVote" in page.inner_text(".moment")
    assert 1 < first < event(page)
    assert page.inner_text("#found").startswith("2 of ")


def test_a_search_in_vain_says_so_and_stays(page: Page) -> None:
    there = event(page)

    page.fill("#search", "no such thing")
    page.press("#search", "Enter")

    assert "0" == page.inner_text("#found")
    assert there == event(page)


def test_a_link_leads_to_its_event(page: Page) -> None:
    follow_link(page, 200)

    assert 200 == event(page)
    assert page.url.endswith("#event=200")


def test_a_link_counts_although_the_address_was_changed_before_it_is_heard(
    page: Page, address: str
) -> None:
    follow_link(page, 200)

    page.evaluate(
        """(newURL) => {  // what happens if the last event is named in this very moment
          history.replaceState(null, "", "#event=200");
          dispatchEvent(new HashChangeEvent("hashchange", { newURL }));
        }""",
        f"{address}#event=210",
    )

    assert 210 == event(page)


def test_the_address_names_the_event_that_is_shown(page: Page) -> None:
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")

    page.wait_for_function("location.hash === document.querySelector('#event').hash")

    assert page.url.endswith(f"#event={event(page)}")


def test_an_event_of_the_list_can_be_clicked(page: Page) -> None:
    row = page.locator(".row:not(.here)").nth(3)
    number = int(row.locator(".no").inner_text())

    row.click()

    assert number == event(page)


def test_it_plays_and_pauses(page: Page) -> None:
    page.keyboard.press("Home")
    page.select_option("#speed", "120")

    page.click("#play")
    page.wait_for_function("Number(document.getElementById('event').textContent.slice(6)) > 20")
    page.click("#play")

    assert "Play" in page.inner_text("#play")


def test_lanes_are_drawn_and_darkness_changes_them(page: Page) -> None:
    picture = "document.getElementById('stage').toDataURL()"
    drawn(page)
    light = page.evaluate(picture)

    page.keyboard.press("t")
    drawn(page)

    assert len(light) > 10_000
    assert light != page.evaluate(picture)


def test_every_node_has_its_log(page: Page) -> None:
    assert ["id1", "id2", "id3"] == page.locator(".node b").all_inner_texts()[:3]


def test_a_long_run_stays_light(page: Page) -> None:
    assert page.locator(".row").count() < 100


def test_keys_lead_from_a_fault_or_change_of_role_to_the_next(page: Page) -> None:
    events = cast("Sequence[int]", shown()["events"])
    turns = {events[cast("int", standing[0])] for standing in column("standings")}
    turns |= {events[at] for at, lane in enumerate(column("lanes")) if cast("int", lane) == -1}
    page.keyboard.press("Home")
    seen = [event(page)]

    for _ in range(4):
        page.keyboard.press(".")
        seen.append(event(page))
    page.keyboard.press(",")

    assert set(seen[1:]) <= turns
    assert sorted(set(seen)) == seen
    assert seen[-2] == event(page)


def test_a_step_tells_what_was_sent_and_leads_to_where_it_was_taken_in(page: Page) -> None:
    _, _, text, sent, arrivals = next(
        message
        for message in column("messages")
        if str(message[2]).startswith("RequestVote") and message[4]
    )
    events = cast("Sequence[int]", shown()["events"])
    taken = cast("Sequence[Sequence[int]]", arrivals)[0][1]
    follow_link(page, events[cast("int", sent)])

    page.locator("#steps a", has_text=str(text)).first.click()

    assert events[taken] == event(page)


def test_a_step_tells_what_clients_asked_and_were_told(page: Page) -> None:
    client, asked, told, _, end, _ = next(one for one in column("operations") if one[2])
    events = cast("Sequence[int]", shown()["events"])

    follow_link(page, events[cast("int", end)])

    assert f"told {client}: {asked} → {told}" in page.inner_text("#steps")


def test_what_clients_noticed_is_shown_where_they_noticed_it(page: Page, tmp_path: Path) -> None:
    operations = column("operations")
    place = next(place for place, one in enumerate(operations) if one[2])
    events = cast("Sequence[int]", shown()["events"])

    reopen(page, tmp_path, witness={"lines": ["look"], "operations": [place]})

    assert events[cast("int", operations[place][4])] == event(page)
    assert f"it has set (noticed at event {events[-1]})" == page.inner_text("#explanation")
    assert "look" == page.inner_text("#witness")


@pytest.mark.parametrize(
    "links, words",
    [
        ([[0, 1], [1, 0], [0, 2], [2, 0]], "cut: id1 | id2 id3"),
        ([[0, 1], [0, 2]], "cut: id1 ↛ id2 id3"),
        ([[0, 1], [1, 0], [0, 2]], "cut: id1 ≠ id2, id1 ↛ id3"),
        ([["c1", 0], [0, "c1"], ["c1", "c2"]], "cut: id1 ≠ c1"),
    ],
)
def test_pointing_at_a_partition_tells_who_is_cut_off(
    page: Page, tmp_path: Path, links: Json, words: str
) -> None:
    reopen(page, tmp_path, cuts=[[0, links]], resets=[[200, 0, 1], [201, 1, "c1"]])
    follow_link(page, cast("Sequence[int]", shown()["events"])[300])
    drawn(page)
    box = page.locator("#stage").bounding_box()
    assert box is not None

    page.mouse.move(box["x"] + (LANES_LEFT + box["width"]) / 2, box["y"] + CUTS_Y)

    assert words == re.sub(" +", " ", page.inner_text("#tip"))


def test_cuts_and_resets_change_the_picture(page: Page, tmp_path: Path) -> None:
    picture = "document.getElementById('stage').toDataURL()"
    pictures = list[str]()
    middle = cast("Sequence[int]", shown()["events"])[300]

    for cuts, resets in (([], []), ([[0, [[0, 1]]]], []), ([], [[300, 0, 1]])):
        reopen(page, tmp_path, cuts=cast("Json", cuts), resets=cast("Json", resets))
        follow_link(page, middle)
        drawn(page)
        pictures.append(page.evaluate(picture))

    assert 3 == len(set(pictures))


@pytest.mark.parametrize("width, height", [(1920, 1080), (1440, 900), (800, 900)])
def test_nothing_sticks_out_of_a_window_wide_or_narrow(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    drawn(page)

    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    boxes = [page.locator(part).bounding_box() for part in (".stage", ".moment", ".nodes", "#list")]
    button = page.locator("#first").bounding_box()
    page.set_viewport_size({"width": 1400, "height": 850})

    assert 0 == overflow
    for box in boxes:
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert min(box["width"], box["height"]) > 60
    assert button is not None
    assert button["height"] < 36  # its sign is in one line


def test_a_telephone_has_one_column_which_scrolls(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    drawn(page)

    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    boxes = [page.locator(part).bounding_box() for part in (".stage", ".moment", ".nodes", "#list")]
    lanes = page.locator(".lanes").bounding_box()
    page.set_viewport_size({"width": 1400, "height": 850})

    assert 0 == overflow
    tops = [box["y"] for box in boxes if box is not None and box["width"] > 360]
    assert 4 == len(tops), "each has the whole width"
    assert sorted(tops) == tops
    assert lanes is not None
    assert lanes["height"] > 250


def test_help_tells_the_keys_and_what_is_what(page: Page) -> None:
    page.keyboard.press("?")
    told = page.inner_text("#keys")
    page.keyboard.press("Escape")

    assert "a step; ten with Shift" in told
    assert "leads, in the colour of its term" in told
    assert "the entry of index 35 and term 2" in told
    assert "leto-sim replay 3" in told
