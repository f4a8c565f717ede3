"""`map --html` in a real browser: what is shown, keys, themes, hostile names, two thousand files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from shop import SHOP, lay_down, run_expert

from fastapi_expert.codebase.model import Component, Field, Inventory, Problem, Route
from fastapi_expert.duplicates.model import Finding, Place, Rule
from fastapi_expert.render.page import page
from fastapi_expert.render.source import Sources
from fastapi_expert.review.model import Finding as Hazard
from fastapi_expert.review.model import Related

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CANCEL = '.node[title^="DELETE /api/invoices/{invoice_id}"]'
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = next((found for name in NAMES if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip("no Chromium or Chrome on this machine; .ci/run installs one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def shop_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that `expert map --html` makes of the shop."""
    root = lay_down(tmp_path_factory.mktemp("page") / "shop", SHOP)
    done = run_expert("map", "--html", "map.html", cwd=root)
    assert (done.code, done.err) == (0, "")
    return root / "map.html"


@pytest.fixture
def tab(browser: Browser, shop_page: Path) -> Iterator[Page]:
    yield from opened(browser, shop_page)


def opened(browser: Browser, file: Path, **context: object) -> Iterator[Page]:
    """The page in a tab that fails the test on any error, message on the console or request to a network."""
    tab = browser.new_page(**context)
    tab.set_default_timeout(5000)
    heard: list[str] = []
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    tab.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else heard.append(request.url))
    tab.goto(file.as_uri())
    yield tab
    tab.close()
    assert heard == []


def rows(tab: Page) -> list[str]:
    return tab.locator("[role=tabpanel]:not([hidden]) [role=option]").all_inner_texts()


def test_the_inventory_opens_first_and_lists_every_component(tab: Page):
    assert tab.locator("[role=tab][aria-selected=true]").inner_text().startswith("Inventory")
    names = [row.split("\n")[1] for row in rows(tab)]
    assert {"create_user", "UserRead", "Invoice", "current_user", "app"} <= set(names)


def test_a_slash_a_word_and_enter_lead_to_a_component_and_escape_leads_back(tab: Page):
    tab.keyboard.press("/")
    tab.keyboard.type("invoiceread")
    assert [row.split("\n")[1] for row in rows(tab)] == ["InvoiceRead"]
    tab.keyboard.press("Enter")
    detail = tab.locator("[role=tabpanel]:not([hidden]) .detail")
    assert detail.evaluate("box => box === document.activeElement")
    assert "An invoice as the customer sees it." in detail.inner_text()
    assert "currency\tstr\trequired" in detail.inner_text()
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.id") == "list-inventory"


def test_the_arrows_move_and_the_selected_row_is_announced(tab: Page):
    listbox = tab.locator("#list-inventory")
    listbox.focus()
    for key in ("End", "ArrowUp", "Home", "ArrowDown"):
        tab.keyboard.press(key)
        active = listbox.get_attribute("aria-activedescendant")
        assert tab.locator(f"#{active}").get_attribute("aria-selected") == "true"
    assert tab.locator("[aria-selected=true][role=option]").get_attribute("aria-posinset") == "2"


def test_the_number_keys_open_the_views(tab: Page):
    for key, name in (
        ("2", "Routes"),
        ("3", "Graph"),
        ("4", "Duplicates"),
        ("5", "Problems"),
        ("6", "Review"),
        ("1", "Inventory"),
    ):
        tab.keyboard.press(key)
        assert tab.locator("[role=tab][aria-selected=true]").inner_text().startswith(name)
        assert tab.locator("[role=tabpanel]:not([hidden])").count() == 1


def test_a_telephone_shows_every_view_without_scrolling_sideways(browser: Browser, shop_page: Path):
    for tab in opened(browser, shop_page, viewport={"width": 390, "height": 800}):
        for key in "12345":
            tab.keyboard.press(key)
            assert tab.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_route_table_shows_auth_and_tests_and_is_filtered(tab: Page):
    tab.keyboard.press("2")
    first = rows(tab)[0].split("\n")
    assert (first[0], first[1], "1 test" in first) == ("POST", "/api/users", True)
    tab.get_by_role("button", name="untested 4").click()
    tab.get_by_role("button", name="unprotected 2").click()
    assert [row.split("\n")[1] for row in rows(tab)] == ["/api/users/{user_id}"]


def test_routes_are_sorted_by_their_heads(tab: Page):
    tab.keyboard.press("2")
    tab.get_by_role("button", name="Sort by Path").click()
    paths = [row.split("\n")[1] for row in rows(tab)]
    assert paths == sorted(paths)
    tab.get_by_role("button", name="Sort by Path").click()
    assert [row.split("\n")[1] for row in rows(tab)] == paths[::-1]


def test_the_graph_shows_what_the_focus_reaches_and_nothing_else(tab: Page):
    tab.keyboard.press("3")
    tab.locator(CANCEL).click()
    shown = [
        title.split("\n")[0] for title in tab.locator(".node").evaluate_all("nodes => nodes.map((one) => one.title)")
    ]
    assert {"cancel", "Invoice", "current_user", "app"} <= set(shown)
    assert "POST /api/users" not in shown
    assert tab.locator(".graph path").count() >= 4
    tab.keyboard.press("Escape")
    assert tab.locator('.node[title^="POST /api/users"]').count() == 1


def test_the_arrows_walk_the_graph_along_its_edges(tab: Page):
    tab.keyboard.press("3")
    tab.locator(CANCEL).click()
    tab.locator(".node.focus").focus()
    tab.keyboard.press("ArrowLeft")
    assert "invoices" in tab.evaluate("document.activeElement.innerText")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate("document.activeElement.innerText").startswith("app")


def test_duplicates_stand_side_by_side_with_differences_marked(tab: Page):
    tab.keyboard.press("4")
    row = next(
        row
        for row in tab.locator("[role=tabpanel]:not([hidden]) [role=option]").all()
        if "billing.py" in row.inner_text()
    )
    row.click()
    detail = tab.locator("[role=tabpanel]:not([hidden]) .detail")
    assert "accounts.py" in detail.inner_text()
    marks = set(detail.locator(".compare mark").all_inner_texts())
    assert {"create_user", "register_customer"} <= marks
    assert detail.locator(".compare tr.same").count() + detail.locator(".compare tr.changed").count() >= 8
    assert detail.locator(".advice").inner_text()


def test_the_address_names_what_is_shown_and_back_leads_back(tab: Page):
    tab.keyboard.press("2")
    tab.locator("[role=tabpanel]:not([hidden]) [role=option]").nth(2).click()
    tab.locator("[role=tabpanel]:not([hidden]) .detail .link", has_text="read_me").click()
    assert tab.evaluate("location.hash").startswith("#inventory/")
    tab.go_back()
    assert tab.evaluate("location.hash") == "#routes/2"
    assert tab.locator("[role=tabpanel]:not([hidden]) .detail h2").inner_text() == "/api/users/me"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_themes_are_readable_and_the_button_switches(browser: Browser, shop_page: Path, scheme: str):
    for tab in opened(browser, shop_page, color_scheme=scheme, reduced_motion="reduce"):
        for key in "1234":
            tab.keyboard.press(key)
            assert tab.evaluate(WORST_CONTRAST) >= 4.5
        before = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        tab.get_by_role("button", name="Switch between dark and light").click()
        assert tab.evaluate("getComputedStyle(document.body).backgroundColor") != before
        assert tab.evaluate(WORST_CONTRAST) >= 4.5


WORST_CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
HOSTILE = "</script><img src=x onerror=alert(1)><!--%DATA%\u2028😀"


def test_names_and_code_are_text_and_never_markup(browser: Browser, tmp_path: Path):
    lay_down(tmp_path, {"a.py": f"def a():\n    return '{HOSTILE}'\n", "b.py": f"def b():\n    return '{HOSTILE} '\n"})
    component = Component(
        "service:a.py::a",
        "service",
        HOSTILE,
        HOSTILE,
        "a.py",
        1,
        2,
        HOSTILE,
        HOSTILE,
        (Field(HOSTILE, HOSTILE, True),),
        (HOSTILE,),
    )
    places = (Place("service:a.py::a", "service", "a.py", 1, 2), Place("service:b.py::b", "service", "b.py", 1, 2))
    inventory = Inventory(
        str(tmp_path),
        2,
        (component,),
        (Route("GET", f"/{HOSTILE}", HOSTILE, "service:a.py::a", "a.py", 1),),
        (Problem("a.py", 1, HOSTILE),),
    )
    findings = [Finding(Rule("FX301", HOSTILE, "", "functions"), 1.0, HOSTILE, HOSTILE, "reuse", places)]
    file = tmp_path / "map.html"
    related = (Related("b.py", 1, HOSTILE),)
    hazards = [Hazard("FX116", HOSTILE, 2, "likely", HOSTILE, HOSTILE, "a.py", 1, 2, related, HOSTILE)]
    text = page(inventory, findings, Sources(tmp_path), title=HOSTILE, hazards=hazards)
    file.write_text(text, encoding="utf-8")
    for tab in opened(browser, file):
        for key in "123456":
            tab.keyboard.press(key)
            assert "onerror=alert(1)" in tab.locator("[role=tabpanel]:not([hidden])").inner_text()
        assert tab.locator("img").count() == 0
        assert tab.locator("h1").inner_text() == HOSTILE


def test_a_name_that_is_no_utf_8_makes_a_page_all_the_same(browser: Browser, tmp_path: Path):
    component = Component("service:\udcff.py::a", "service", "a\udcff", "a\udcff", "\udcff.py", 1, 2)
    file = tmp_path / "map.html"
    file.write_text(page(Inventory("/", 1, (component,)), [], Sources(tmp_path), title="x\udcff"), encoding="utf-8")
    for tab in opened(browser, file):
        assert len(rows(tab)) == 1


HAZARDS = """\
from fastapi import FastAPI, HTTPException

app = FastAPI()


@app.get("/stones/{id}")
def stone(id: int):
    if id > 9:
        return HTTPException(404)
    return HTTPException(400), 400


@app.get("/sums")
def sums():
    return {}, 404
"""


def test_a_page_of_the_review_alone_shows_the_lines_of_each_finding_and_is_filtered(browser: Browser, tmp_path: Path):
    root = lay_down(tmp_path / "stones", {"main.py": HAZARDS})
    done = run_expert("review", "--format", "html", cwd=root)
    assert (done.code, done.err) == (1, "")
    file = tmp_path / "review.html"
    file.write_text(done.out, encoding="utf-8")
    for tab in opened(browser, file):
        assert tab.locator("[role=tab][aria-selected=true]").inner_text().startswith("Review")
        tabs = tab.locator("[role=tab]").evaluate_all("tabs => tabs.map((one) => one.id)")
        assert tabs == ["tab-inventory", "tab-routes", "tab-graph", "tab-problems", "tab-review"]
        assert [row.split("\n")[0][:5] for row in rows(tab)] == ["FX116", "FX117", "FX117"]
        detail = tab.locator("[role=tabpanel]:not([hidden]) .detail")
        assert "`" not in detail.inner_text()
        assert detail.locator("tr.changed").all_inner_texts() == ["9\t        return HTTPException(404)"]
        assert "mends it" in detail.inner_text()
        tab.get_by_role("button", name="FX117 2").click()
        assert len(rows(tab)) == 2
        tab.keyboard.press("/")
        tab.keyboard.type("no such words")
        assert "Nothing fits." in detail.inner_text()


def test_nothing_but_our_own_script_may_run(browser: Browser, shop_page: Path):
    tab = browser.new_page()
    refused: list[str] = []
    tab.on("console", lambda message: refused.append(message.text))
    tab.goto(shop_page.as_uri())
    tab.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    assert tab.evaluate("window.ran") is None
    assert len(refused) == 1
    assert "Content Security Policy" in refused[0]
    tab.close()


def large(files: int) -> Inventory:
    """A codebase of ``files`` files, five components each, wired from app to table."""
    components: list[Component] = []
    routes: list[Route] = []
    for number in range(files):
        path = f"app/part_{number}.py"
        ids = {kind: f"{kind}:{path}::{kind}_{number}" for kind in ("router", "endpoint", "service", "table", "schema")}
        uses = {"router": [ids["endpoint"]], "endpoint": [ids["service"]], "service": [ids["table"]]}
        for line, (kind, identifier) in enumerate(ids.items(), start=1):
            name = f"{kind}_{number}"
            components.append(
                Component(
                    identifier, kind, name, name, path, line, line, f"About {name}.", uses=tuple(uses.get(kind, ()))
                )
            )  # type: ignore[arg-type]
        routes.append(Route("GET", f"/part/{number}/{{id}}", f"endpoint_{number}", ids["endpoint"], path, 2))
    app = Component(
        "app:app/main.py::app",
        "app",
        "app",
        "app",
        "app/main.py",
        1,
        1,
        uses=tuple(one.id for one in components if one.kind == "router"),
    )
    return Inventory("/large", files, (app, *components), tuple(routes))


def test_two_thousand_files_are_shown_by_the_screenful_and_searched_while_typing(browser: Browser, tmp_path: Path):
    file = tmp_path / "map.html"
    file.write_text(page(large(2000), [], Sources(tmp_path), title="large"), encoding="utf-8")
    assert file.stat().st_size < 6_000_000
    for tab in opened(browser, file):
        assert 10 < len(rows(tab)) < 100
        tab.locator("#list-inventory").focus()
        tab.keyboard.press("End")
        assert rows(tab)[-1].split("\n")[1] == "service_999"
        tab.keyboard.press("/")
        tab.keyboard.type("endpoint_1234")
        assert [row.split("\n")[1] for row in rows(tab)] == ["endpoint_1234"]
        tab.keyboard.press("3")
        tab.locator("#tab-inventory").click()
        assert tab.locator(".node").count() < 1200


def test_the_page_is_the_same_for_the_same_codebase(shop_page: Path):
    first = shop_page.read_bytes()
    assert run_expert("map", "--html", "map.html", cwd=shop_page.parent).code == 0
    assert shop_page.read_bytes() == first


def test_how_much_is_not_known_to_be_served_stands_above_every_view(browser: Browser, tmp_path: Path):
    source = "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get('/spare')\ndef spare(): ...\n"
    (tmp_path / "main.py").write_text(source)
    done = run_expert("map", "--html", "map.html", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    tabs = opened(browser, tmp_path / "map.html")
    tab = next(tabs)
    assert tab.locator("#note").inner_text() == "1 endpoint on 1 router that no application is seen to include"
    assert tab.locator("main").bounding_box()["height"] > 300
    assert next(tabs, None) is None
