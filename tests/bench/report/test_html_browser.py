"""The page as its reader meets it, in a real browser; skipped where there is none."""

import numpy as np
import pytest
from browser import messages, open_browser, requests, seen, show, wait_for
from made_up_runs import write_made_up_run

from bench.report.lab import to_grey
from bench.report.render import render_as
from bench.report.stored import StoredRun

pytestmark = pytest.mark.slow

SIZE, SEEDS = 32, (0, 1)
NASTY = "<img src=x onerror=console.error(1)>"
LONG = "folder(path=photos/of-a-very-long-name-without-any-blank-in-it-from-beginning-to-end, resize=squash)"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser") / "made-up"
    return StoredRun(
        write_made_up_run(
            folder,
            architectures=("unet", "unet-resnet18", "smp(encoder=mobilenet_v2)"),
            losses=("l1", NASTY),
            datasets=("synthetic-faces", LONG),
            seeds=SEEDS,
            size=SIZE,
            status=lambda *cell: "failed" if (*cell[:2], cell[3]) == ("unet", NASTY, 1) else "completed",
        )
    )


@pytest.fixture(scope="module")
def page(run, tmp_path_factory):
    return render_as(run.folder, tmp_path_factory.mktemp("report"), ["html"])[0]


@pytest.fixture(scope="module")
def driver():
    with open_browser() as opened:
        yield opened


@pytest.fixture
def opened(driver, page):
    """The page in a wide window; nothing may go wrong on it."""
    messages(driver), requests(driver)
    show(driver, page)
    yield driver
    assert messages(driver) == []
    assert requests(driver) == {page.as_uri()}


def one(driver, selector):
    return driver.find_element("css selector", selector)


def every(driver, selector):
    return driver.find_elements("css selector", selector)


def press(driver, *keys):
    from selenium.webdriver import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def keys():
    from selenium.webdriver import Keys

    return Keys


def column(driver, table, head):
    """The shown texts of a table's column."""
    script = """
        const [table, head] = arguments;
        const place = [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent.startsWith(head));
        return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[place].textContent);
    """
    return driver.execute_script(script, table, head)


def click_head(driver, table, head):
    button = next(
        button
        for button in table.find_elements("css selector", "th button")
        if button.get_attribute("textContent").startswith(head)
    )
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    return button.find_element("xpath", "..").get_attribute("aria-sort")


def number(text):
    return float(text.split("\u00a0±")[0].replace(",", ""))


def test_numbers_with_intervals_sort_as_numbers_the_best_first(opened):
    table = one(opened, "div.table table")
    before = column(opened, table, "LPIPS")
    assert any("±" in text for text in before)
    assert click_head(opened, table, "LPIPS") == "ascending"
    assert column(opened, table, "LPIPS") == sorted(before, key=number)
    assert click_head(opened, table, "LPIPS") == "descending"
    assert list(map(number, column(opened, table, "LPIPS"))) == sorted(map(number, before), reverse=True)
    assert click_head(opened, table, "LPIPS") is None
    assert column(opened, table, "LPIPS") == before
    assert click_head(opened, table, "skill ↑") == "descending"
    skills = [number(text) for text in column(opened, table, "skill") if text != "–"]
    assert skills == sorted(skills, reverse=True)


def test_a_column_with_a_target_puts_the_nearest_first_and_gaps_last(opened):
    table = one(opened, "div.table table")
    assert click_head(opened, table, "ab imbalance → truth".replace("→ ", "→\u00a0")) == "other"
    shown = column(opened, table, "ab imbalance")
    distances = [abs(number(text) - 0.4) for text in shown if text != "–"]
    assert distances == sorted(distances)
    assert column(opened, table, "architecture")[0] == "truth"
    click_head(opened, table, "chroma ratio")
    assert all(text == "–" for text in column(opened, table, "chroma ratio")[len(distances) :])


@pytest.mark.parametrize(
    "values",
    [
        [
            "−2.1 ± 0.3",
            "-0.40 (-0.9 to 0.1)",
            "< 0.001",
            "0.0281 ± 0.0022",
            "+0.03",
            "7 %",
            "900",
            "1,024 × 64",
            "12,000,000",
        ],
        ["1a90c1d2", "9f00aa11", "l1", "l2", "unet", "unet-resnet18", "vgg, seed 0", "vgg, seed 2", "vgg, seed 10"],
    ],
    ids=["numbers", "words"],
)
def test_values_of_every_form_sort_and_gaps_come_last(opened, values):
    table = one(opened, "div.table table")
    rows = len(column(opened, table, "LPIPS"))
    shuffled = ["–", *values[::2], *reversed(values[1::2]), *["–"] * (rows - len(values) - 1)]
    script = """
        const [table, values] = arguments;
        values.forEach((value, row) => (table.tBodies[0].rows[row].cells[2].textContent = value));
    """
    opened.execute_script(script, table, shuffled)
    gaps = ["–"] * (rows - len(values))
    click_head(opened, table, "LPIPS")
    assert column(opened, table, "LPIPS") == values + gaps
    click_head(opened, table, "LPIPS")
    assert column(opened, table, "LPIPS") == values[::-1] + gaps


def test_rows_are_filtered_by_all_words(opened):
    field = one(opened, ".filter input")
    table = one(opened, ".filter + div.table table")
    total = len(column(opened, table, "loss"))
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", field)
    field.send_keys("RESNET18 l1")
    assert set(column(opened, table, "architecture")) == {"unet-resnet18"}
    assert set(column(opened, table, "loss")) == {"l1"}
    assert one(opened, ".filter .count").text == f"1 of {total} rows"
    field.send_keys(*[keys().BACKSPACE] * 11)
    assert len(column(opened, table, "loss")) == total
    assert one(opened, ".filter .count").text == ""


def shown_picture(driver, tile):
    """The picture in a tile, taken back to its own pixels."""
    pixels = seen(driver, tile)
    centres = ((np.arange(SIZE) + 0.5) * len(pixels) / SIZE).astype(int)
    # The corners are rounded.
    return pixels[np.ix_(centres, centres)][4:-4, 4:-4].astype(int)


def inner(picture):
    return picture[4:-4, 4:-4].astype(int)


def test_the_slider_goes_from_grey_over_the_prediction_to_the_truth_by_keyboard(opened, run):
    record = next(one for one in run.records if one.loss)
    truth, prediction = run.true_samples("synthetic-faces")[0], run.samples(record)[0]
    slider, tile = one(opened, ".compare input[type=range]"), one(opened, ".cells button .tile")
    assert np.abs(shown_picture(opened, tile) - inner(prediction)).max() <= 1
    opened.execute_script("arguments[0].focus()", slider)
    press(opened, keys().HOME)
    assert slider.get_attribute("aria-valuetext") == "grey"
    assert np.abs(shown_picture(opened, tile) - inner(to_grey(truth))).max() <= 1
    press(opened, keys().END)
    assert slider.get_attribute("aria-valuetext") == "truth"
    assert np.abs(shown_picture(opened, tile) - inner(truth)).max() <= 1
    press(opened, keys().ARROW_LEFT)
    assert slider.get_attribute("aria-valuetext") == "98 % truth over prediction"
    one(opened, ".compare .stops button[value='0']").click()
    press(opened, keys().TAB)
    opened.execute_script(
        "arguments[0].value = 50; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))", slider
    )
    half = shown_picture(opened, tile)
    left, right = slice(0, SIZE // 2 - 6), slice(SIZE // 2 - 2, None)
    assert np.abs(half[:, left] - inner(prediction)[:, left]).max() <= 1
    assert np.abs(half[:, right] - inner(to_grey(truth))[:, right]).max() <= 1


def test_every_cell_is_shown_on_the_chosen_picture(opened, run):
    from selenium.webdriver.support.select import Select

    Select(one(opened, "select.dataset")).select_by_visible_text(LONG)
    wait_for(opened, "document.querySelector('.compare .count').textContent.endsWith('squash)')")
    labels = every(opened, ".thumbnails label")
    assert [label.text for label in labels] == ["#0", "#4", "#7", "#11"]
    labels[2].click()
    press(opened, keys().ARROW_RIGHT)
    records = [one for one in run.records if one.dataset == LONG]
    records = [one for one in records if one.loss] + [one for one in records if one.loss is None]
    cards = every(opened, ".cells .cell:not(.reference)")
    assert len(cards) == len(records)
    for card, record in zip(cards, records, strict=True):
        words = card.text.splitlines()
        if record.status == "failed":
            assert words[:3] == ["failed", "unet", NASTY]
            continue
        score = run.per_image(record)["lpips"][11]
        seed = [f"seed {record.seed}"] if record.loss else []
        assert words == [*filter(None, (record.architecture, record.loss)), *seed, f"LPIPS {score:.3f}"]
        assert (
            np.abs(
                shown_picture(opened, card.find_element("css selector", ".tile")) - inner(run.samples(record)[3])
            ).max()
            <= 1
        )


def test_cells_are_filtered_and_ordered(opened):
    from selenium.webdriver.support.select import Select

    one(opened, ".compare input[type=search]").send_keys("l1 seed")
    assert len(every(opened, ".cells .cell:not(.reference)")) == 3 * len(SEEDS)
    Select(one(opened, "select.order")).select_by_value("picture")
    scores = [float(card.text.rpartition(" ")[2]) for card in every(opened, ".cells .cell:not(.reference)")]
    assert scores == sorted(scores)


def test_a_cell_opens_larger_steps_on_and_closes(opened):
    one(opened, ".compare input[type=range]").send_keys(keys().ARROW_RIGHT)
    buttons = every(opened, ".cells button")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", buttons[0])
    buttons[0].click()
    dialog = one(opened, "dialog.picture")
    assert opened.switch_to.active_element.get_attribute("aria-valuetext") == "2 % truth over prediction"
    assert dialog.find_element("css selector", "h2").text == "unet with l1"
    assert dialog.find_element("css selector", ".tile").size["width"] > buttons[0].size["width"] * 2
    dialog.find_element("css selector", ".next").click()
    press(opened, keys().ARROW_RIGHT)
    assert dialog.find_element("css selector", "h2").text == f"unet with {NASTY}"
    slider = dialog.find_element("css selector", "input")
    slider.send_keys(keys().END)
    assert np.ptp(seen(opened, dialog.find_element("css selector", ".tile")), axis=-1).max() > 0
    assert dialog.find_element("css selector", "h2").text == f"unet with {NASTY}", "the slider's keys turn no page"
    press(opened, keys().ESCAPE)
    assert not dialog.is_displayed()
    assert opened.switch_to.active_element == buttons[0]


def test_a_figure_opens_and_closes(opened):
    button = one(opened, "main figure button.enlarge img").find_element("xpath", "..")
    dialog = one(opened, "dialog.figure")
    opened.execute_script("arguments[0].focus()", button)
    press(opened, keys().ENTER)
    assert dialog.is_displayed()
    image = dialog.find_element("css selector", "img")
    assert image.size["width"] > button.size["width"]
    first = image.get_attribute("src")
    assert dialog.find_element("css selector", "h2").text
    press(opened, keys().ARROW_RIGHT)
    assert image.get_attribute("src") != first
    press(opened, keys().ESCAPE)
    assert not dialog.is_displayed()
    assert opened.switch_to.active_element == button
    button.click()
    dialog.find_element("css selector", ".close").click()
    assert not dialog.is_displayed()


OVERFLOWING = """
    const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    const inScroller = (element) => element && (scrolls(element) || inScroller(element.parentElement));
    return [...document.querySelectorAll("body *")].filter((element) => {
      const box = element.getBoundingClientRect();
      if (!box.width || !box.height || element.closest(".skip") || inScroller(element.parentElement)) return false;
      const clipped = getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
      return box.left < -1 || box.right > innerWidth + 1 || clipped;
    }).map((element) => element.outerHTML.slice(0, 120));
"""


@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_and_text_can_be_read(driver, page, width, scheme):
    show(driver, page, width, scheme)
    driver.execute_script("document.querySelectorAll('main details').forEach((one) => (one.open = true))")
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.execute_script(OVERFLOWING) == []
    prose = [box for box in every(driver, "div.table:not(:has(th.number))") if box.is_displayed()]
    assert len(prose) > 2
    assert all(
        driver.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", box) for box in prose
    )
    for opener, dialog in ((".cells button", "dialog.picture"), ("main figure button:has(img)", "dialog.figure")):
        driver.execute_script("document.querySelector(arguments[0]).click()", opener)
        assert one(driver, dialog).is_displayed()
        assert driver.execute_script(OVERFLOWING) == []
        press(driver, keys().ESCAPE)
    for selector in ("main p", "nav a", "td", "figcaption", "summary", ".stops button", ".cell span"):
        assert contrast(driver, selector) >= 4.5, selector


def contrast(driver, selector):
    """Of the text of an element on what is behind it, as WCAG 2 has it."""
    script = """
        let element = document.querySelector(arguments[0]);
        const text = getComputedStyle(element).color;
        const opaque = (one) => !/, 0\\)$|transparent/.test(getComputedStyle(one).backgroundColor);
        while (!opaque(element)) element = element.parentElement;
        return [text, getComputedStyle(element).backgroundColor].map((one) => one.match(/[\\d.]+/g).map(Number));
    """
    shades = []
    for color in driver.execute_script(script, selector):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color[:3])]
        shades.append(np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)
    return max(shades) / min(shades)


def brightness(driver):
    return driver.execute_script("return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")[0]


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_theme_is_the_systems_until_it_is_chosen(driver, page, scheme, dark):
    show(driver, page, scheme=scheme)
    button = one(driver, "button.theme")
    assert (brightness(driver) < 60) == dark
    for theme, is_dark in (("light", False), ("dark", True), ("system", dark)):
        button.click()
        assert button.text == f"Theme: {theme}"
        assert (brightness(driver) < 60) == is_dark
    button.click()
    driver.refresh()
    assert one(driver, "button.theme").text == "Theme: light"


def test_the_contents_lead_to_their_sections(opened):
    link = next(one for one in every(opened, "nav a") if one.text == "Which differences hold")
    link.click()
    wait_for(opened, "document.querySelector('nav a[aria-current]')?.textContent === 'Which differences hold'")
    heading = one(opened, "#which-differences-hold")
    top = opened.execute_script("return arguments[0].getBoundingClientRect().top", heading)
    assert 0 <= top < 100


def test_without_scripts_everything_can_still_be_read(driver, page):
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(page.as_uri())
        assert one(driver, "main figure img").size["width"] > 500
        assert one(driver, "#tables").is_displayed()
        assert not one(driver, "section.compare").is_displayed()
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
