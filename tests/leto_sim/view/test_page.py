"""One file that needs nothing else; and in a browser: opened, stepped through, searched."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from leto_sim.view.page import render_page
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


def test_no_text_of_a_run_ends_its_element() -> None:
    page = render_page({"texts": ["</script><script>alert(1)</script>"]})

    assert "</script><script>alert" not in page
    assert r"\u003c/script>" in page


# --- in a browser --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("view") / "run.html"
    file.write_text(render_page(recorded_violation().document()), encoding="utf-8")
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
    browser_page.wait_for_timeout(50)
    assert [] == wrong


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

    assert "RequestVote" in page.inner_text("#what")
    assert 1 < first < event(page)
    assert page.inner_text("#found").startswith("2 of ")


def test_a_search_in_vain_says_so_and_stays(page: Page) -> None:
    there = event(page)

    page.fill("#search", "no such thing")
    page.press("#search", "Enter")

    assert "0" == page.inner_text("#found")
    assert there == event(page)


def test_a_link_leads_to_its_event(page: Page, address: str) -> None:
    page.goto(f"{address}#event=200")

    assert 200 == event(page)
    assert page.url.endswith("#event=200")


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
    page.wait_for_timeout(100)
    light = page.evaluate(picture)

    page.keyboard.press("t")
    page.wait_for_timeout(100)

    assert len(light) > 10_000
    assert light != page.evaluate(picture)


def test_every_node_has_its_log(page: Page) -> None:
    assert ["id1", "id2", "id3"] == page.locator(".node b").all_inner_texts()[:3]


def test_a_long_run_stays_light(page: Page) -> None:
    assert page.locator(".row").count() < 100
