"""The page of `nnnctl report` in a real browser: Debian's chromium, without a window and without a network."""

import shutil

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from harness import wordnet
from harness.daemon import Daemon
from harness.nnnctl import succeeds

CHROMIUM = shutil.which("chromium")
PAGES = ("labelled", "unlabelled")
# Two desktop sizes and a telephone.
WIDTHS = (1280, 800, 400)
# 210 mm of which the margins take 26, in CSS pixels.
A4_WIDTH = 696

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (packages/debian-browser.txt)")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages of the words in Examples/wordnet, with answers and all comparisons, and without answers: paths by name."""
    folder = tmp_path_factory.mktemp("report")
    groups = folder / "groups.tsv"
    files = wordnet.image_files()
    labels = ["first", "first", "second", "second", "second"]
    groups.write_text(
        "".join(
            f"{id}\t{label}\n" for label, path in zip(labels, files, strict=True) for id in wordnet.read(path)[0]))
    with Daemon(folder / "daemon", k=128) as daemon:
        wordnet.ingest(daemon)
        common = ["--texts", wordnet.TEXTS]
        succeeds(
            "report", "--out", folder / "labelled.html", "--queries", wordnet.QUERIES, "--answers", wordnet.ANSWERS,
            "--groups", groups, "--baselines", "--reference-curve", *common, daemon=daemon)
        succeeds("report", "--out", folder / "unlabelled.html", *common, daemon=daemon)
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # Chromium's sandbox can't be used by root.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, pages):
    """Opens a page; the returned object has the list of all requests in its attribute `requests`."""
    contexts = []

    def open_page(name, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.messages = []
        page.on("console", lambda message: page.messages.append(message.text))
        page.goto(pages[name].as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_valid_html(pages, name):
    html5lib.HTMLParser(strict=True).parse(pages[name].read_text())


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_nothing_else_and_reports_no_error(open_page, pages, name):
    page = open_page(name)
    assert page.requests == [pages[name].as_uri()] and page.messages == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_no_barrier(open_page, name, scheme, width):
    page = open_page(name, width, color_scheme=scheme)
    # The tables are checked too.
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    result = Axe().run(page)
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(open_page, name, width):
    page = open_page(name, width)
    page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_paper(open_page, name):
    page = open_page(name, A4_WIDTH)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4_WIDTH


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_texts_in_pictures_can_be_read_and_do_not_overlap(open_page, name, width):
    page = open_page(name, width)
    boxes = page.evaluate(
        """[...document.querySelectorAll('svg')].map(svg => [...svg.querySelectorAll('text')].map(text => {
             const box = text.getBoundingClientRect()
             return [text.textContent, box.left, box.top, box.right, box.bottom]
           }))"""
    )
    assert len(boxes) >= 4
    for texts in boxes:
        for number, (text, left, top, right, bottom) in enumerate(texts):
            # In CSS pixels. A box is somewhat larger than the letters in it, so boxes may overlap a little.
            assert bottom - top >= 9, text
            for other, *box in texts[number + 1 :]:
                apart = box[0] >= right - 1 or box[2] <= left + 1 or box[1] >= bottom - 3 or box[3] <= top + 3
                assert apart, (text, other)


@pytest.mark.parametrize("name", PAGES)
def test_the_numbers_are_hidden_on_a_screen_and_printed(open_page, name):
    page = open_page(name)
    table = page.locator("figure details table").first
    assert not table.is_visible()
    page.emulate_media(media="print")
    assert table.is_visible() and not page.locator("summary").first.is_visible()


def test_dark_and_light_differ(open_page):
    colors = {
        scheme: open_page("labelled", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert colors["light"] != colors["dark"]


def test_the_page_with_answers_has_every_part(open_page):
    headings = open_page("labelled").locator("h2").all_inner_texts()
    assert headings == [
        "Does it help?", "Which k and alpha?", "Are some images found too often?", "How large are the biases?",
        "Are the references good, and are there enough?", "Are groups of images shown evenly?", "The largest hubs",
        "Suspicious images", "Words",
    ]  # fmt: skip
