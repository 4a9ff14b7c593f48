"""The admin page as whoever runs a proxy uses it: in a real browser, by mouse or keyboard, in every light."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.notebook.axe import violations
from tests.proxy.admin_stage import Stage, shot, signed_in, staged, tab_to
from tests.proxy.operated import MASTER, MODEL, good

pytestmark = pytest.mark.browser

NOWHERE = "() => JSON.stringify([location.href, document.cookie, {...localStorage}, {...sessionStorage}])"
WIDER = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("admin") / "home") as ready:
        yield ready


@pytest.fixture(autouse=True)
def quiet(stage: Stage) -> Iterator[None]:
    """Nothing of the page fails unseen: no error, no warning, nothing that its own rules forbid."""
    yield
    assert stage.complaints == []


def test_signing_in_takes_the_master_key_and_leaves_it_nowhere(stage: Stage) -> None:
    page = stage.page
    page.goto(stage.proxy.url)
    expect(page.get_by_label("Master key")).to_be_focused()
    expect(page.get_by_role("navigation", name="Sections")).to_be_hidden()
    stage.shot("signin")
    page.keyboard.type("sk-wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").get_by_text("That is not the master key.")).to_be_visible()
    assert stage.complaints.pop().startswith("error: Failed to load resource")  # Chromium's own, of the 401
    expect(page.get_by_label("Master key")).to_be_focused()
    page.keyboard.type(MASTER)  # in place of the wrong one, which is selected
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert MASTER not in page.evaluate(NOWHERE)
    assert "soravid_admin" not in page.evaluate(NOWHERE)
    (cookie,) = stage.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.reload()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Master key")).to_be_visible()
    assert stage.context.cookies() == []


def test_the_overview_tells_what_was_spent_by_whom_on_what_and_when(stage: Stage) -> None:
    page = signed_in(stage)
    figures = page.locator(".figures")
    expect(figures).to_contain_text("Spent today3 clips$0.80")
    expect(figures).to_contain_text("Jobs in flight0")
    chart = page.get_by_role("img", name=re.compile(r"^\$0\.80 in 30 days, most on "))
    expect(chart).to_be_visible()
    page.get_by_text("As a table").click()
    row = page.get_by_role("group", name="Spending by day").get_by_role("row").nth(1)
    expect(row).to_contain_text("$0.80$0.003")
    by_key = page.get_by_role("region", name="Spending by key")
    expect(by_key.get_by_role("row", name=re.compile("^ada"))).to_contain_text("$0.402")
    expect(page.get_by_role("region", name="Spending by model")).to_contain_text("other$0.401")
    expect(page.get_by_role("region", name="Deployments")).to_contain_text("openai/kite-1 at 127.0.0.1")
    expect(page.get_by_role("region", name="Deployments").locator(".state").first).to_have_text("Up")
    page.get_by_text("7 days", exact=True).click()
    expect(page).to_have_url(re.compile(r"#overview\?days=7$"))
    expect(page.get_by_role("img", name=re.compile(r"in 7 days"))).to_be_visible()
    with page.expect_download() as sheet:
        page.get_by_role("link", name="Download the spending of 7 days as CSV").click()
    assert sheet.value.suggested_filename == "soravid-spend-logs.csv"
    assert "A red kite over a harbour" in Path(sheet.value.path()).read_text()
    by_key.get_by_role("link", name="bob").click()
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile .prompt")).to_have_text("A lighthouse in a storm")


def test_a_new_key_is_copied_with_the_notebooks_line_and_works(stage: Stage) -> None:
    page = signed_in(stage)
    page.get_by_role("link", name="Keys").click()
    expect(page.get_by_role("row", name=re.compile("^ada"))).to_contain_text("$0.40 of $1.00 spent")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New key")
    dialog.get_by_label("Name").fill("carol")
    dialog.get_by_label("Budget in USD").fill("2.50")
    dialog.get_by_label("Begins anew").select_option("each month")
    dialog.get_by_label(MODEL).check()
    dialog.get_by_text("More limits").click()
    dialog.get_by_label("Jobs at once").fill("two")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("alert")).to_contain_text("max_parallel_jobs must be a whole number")
    assert stage.complaints.pop().startswith("error: Failed to load resource")
    dialog.get_by_label("Jobs at once").fill("1")
    dialog.get_by_role("button", name="Create").click()
    shown = page.get_by_role("dialog", name="Key for carol")
    expect(shown).to_contain_text("The key is shown this once.")
    stage.shot("key-shown")
    shown.get_by_role("button", name="Copy: The notebook's line").click()
    assert page.evaluate("() => navigator.clipboard.readText()") == f"%video connect {stage.proxy.url}"
    shown.get_by_role("button", name="Copy: The key's variable").click()
    name, _, key = page.evaluate("() => navigator.clipboard.readText()").partition("=")
    assert (name, key[:3]) == ("SORAVID_API_KEY", "sk-")
    info = good(stage.proxy.client(key).get("/key/info"))["info"]
    assert (info["key_alias"], info["max_budget"], info["budget_duration"]) == ("carol", 2.5, "1mo")
    assert (info["models"], info["max_parallel_jobs"]) == ([MODEL], 1)
    shown.get_by_role("button", name="Done").click()
    row = page.get_by_role("row", name=re.compile("^carol"))
    expect(row).to_contain_text("1 job at once")
    assert key not in page.content()

    row.get_by_role("button", name="Edit carol").click()
    page.get_by_label("Budget in USD").fill("3")
    page.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("$0.00 of $3.00 spent")
    row.get_by_role("button", name="Rotate carol").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    page.get_by_role("dialog", name="Key for carol").get_by_role("button", name="Done").click()
    assert stage.proxy.client(key).get("/key/info").status_code == 401
    row.get_by_role("button", name="Delete carol").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    stage.shot("key-delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_a_job_is_seen_as_it_runs_and_then_plays(stage: Stage) -> None:
    page = signed_in(stage)
    stage.provider.polls_to_finish = 10**6
    bob = stage.proxy.client(stage.proxy.key(key_alias="bobby")["key"])
    clip = stage.proxy.make(bob, "A whale under ice", model="other")
    job = page.get_by_role("region", name="Jobs in flight").get_by_role("listitem")
    expect(job).to_contain_text("A whale under ice", timeout=10_000)  # nobody has reloaded the page
    expect(job).to_contain_text("bobby · other · $0.40 held")
    stage.shot("overview-live")
    page.get_by_role("link", name="Clips").click()
    page.get_by_label("Model").focus()
    page.get_by_label("Model").select_option("other")
    expect(page).to_have_url(re.compile("#clips.model=other"))
    expect(page.get_by_label("Model")).to_be_focused()
    expect(page.locator(".tile")).to_have_count(2)
    tile = page.locator(".tile", has_text="A whale under ice")
    expect(tile.get_by_role("progressbar")).to_be_visible()
    stage.provider.polls_to_finish = 1
    for video in stage.provider.videos.values():
        video.polls_to_finish = 1
    expect(page.get_by_role("status")).to_have_text("Done: A whale under ice", timeout=10_000)
    stage.shot("clips")
    tile.get_by_role("button", name="Play: A whale under ice").click()
    player = page.get_by_role("dialog", name="Clip").locator("video")
    page.wait_for_function("() => document.querySelector('dialog video').currentTime > 0.1")
    stage.shot("player")
    assert clip in (player.get_attribute("src") or "")
    page.keyboard.press("Escape")
    expect(player).to_have_count(0)
    expect(tile.get_by_role("button")).to_be_focused()
    page.get_by_label("State").select_option("failed")
    page.get_by_label("Model").select_option("")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator(".tile")).to_contain_text("blocked by our moderation system")


def test_the_log_tells_what_has_happened(stage: Stage) -> None:
    page = signed_in(stage)
    page.get_by_role("link", name="Log").click()
    lines = page.locator(".log tbody tr")
    expect(lines.filter(has_text="ada").filter(has_text="Done").first).to_contain_text("$0.40 spent")
    expect(lines.filter(has_text="Failed").first).to_contain_text("moderation")
    page.get_by_text("Refusals", exact=True).click()
    expect(page).to_have_url(re.compile(r"#log\?show=refusals$"))
    expect(lines.filter(has_text="There is no model 'other-2' here").first).to_contain_text("Refused, 404")
    expect(lines.filter(has_text="Done")).to_have_count(0)


def test_everything_can_be_done_by_the_keyboard(stage: Stage) -> None:
    page = signed_in(stage)
    page.reload()
    expect(page.locator(".figures dd").first).to_be_visible()
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    press("Tab")
    press("Tab")
    expect(page.get_by_role("link", name="Keys")).to_be_focused()
    press("Enter")
    expect(page.get_by_role("heading", name="Keys")).to_be_focused()
    press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    press("Tab")
    press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("dora")
    press("Enter")
    done = page.get_by_role("dialog", name="Key for dora")
    expect(done).to_be_visible()
    press("Escape")
    expect(done).to_have_count(0)
    expect(page.get_by_role("button", name="New key")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("The key dora is there")
    tab_to(page, page.get_by_role("button", name="Delete dora"))
    press("Enter")
    press("Tab")
    press("Enter")
    expect(page.get_by_role("row", name=re.compile("^dora"))).to_have_count(0)
    stage.show("log")
    tab_to(page, page.get_by_role("radio", name="All"))
    press("ArrowRight")
    expect(page.get_by_role("radio", name="Errors")).to_be_focused()
    expect(page).to_have_url(re.compile("show=errors$"))


def test_it_is_for_everybody_in_every_light_and_on_a_phone(stage: Stage) -> None:
    page = signed_in(stage)
    browser = stage.context.browser
    assert browser
    # axe-core writes into the page it judges, which the page's own rules forbid.
    judged = browser.new_context(bypass_csp=True, reduced_motion="reduce")
    judged.add_cookies(stage.context.cookies())  # type: ignore[arg-type]
    page = judged.new_page()
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            for view, ready in (
                ("overview", ".bars"),
                ("keys", "tbody tr"),
                ("clips", ".tile"),
                ("log", "tr td"),
            ):
                page.goto(f"{stage.proxy.url}/#{view}")
                expect(page.locator(ready).first).to_be_visible()
                where = f"{view}, {scheme}, {width}"
                assert page.evaluate(WIDER) <= 0, f"{where}: it scrolls sideways"
                found += [f"{where}: {line}" for line in violations(page)]
                shot(page, f"{view}-{scheme}-{width}")
        page.goto(f"{stage.proxy.url}/#keys")
        page.get_by_role("button", name="Edit ada").click()
        found += [f"edit, {scheme}: {line}" for line in violations(page)]
        shot(page, f"edit-{scheme}-360")
    assert not found, "\n".join(found)
    page.goto(f"{stage.proxy.url}/#overview")
    ground = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Use the light theme").click()
    light = page.evaluate(ground)
    assert light != dark
    page.reload()
    assert page.evaluate(ground) == light
    judged.close()


def test_it_waits_for_a_proxy_that_does_not_answer(stage: Stage) -> None:
    page = signed_in(stage)
    stage.context.set_offline(True)
    expect(page.get_by_role("alert")).to_contain_text(
        "The proxy does not answer. Trying again.", timeout=10_000
    )
    stage.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden(timeout=10_000)
    assert {each.split(":")[0] for each in stage.complaints} == {"error"}  # Chromium's own, of each failure
    stage.complaints.clear()
