"""The page on paper: nothing is cut, it is white, it can be read, and its pages are full."""

import asyncio
import base64
import re

import pytest
from explore.devtools import browser
from results.browser import CHROMIUM

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")

INCH, PAPER, MARGIN = 96, {"paperWidth": 8.27, "paperHeight": 11.69}, 15 / 25.4
WIDTH, HEIGHT = (int((PAPER[side] - 2 * MARGIN) * INCH) for side in ("paperWidth", "paperHeight"))
"""What an A4 page holds within its margins [CSS pixel]."""

SEEN = """({
  cut: [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().width > 0
    && one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.outerHTML.slice(0, 100)),
  hidden: all(".table").filter((one) => one.scrollWidth > one.clientWidth + 1
    || one.scrollHeight > one.clientHeight + 1).map((one) => one.getAttribute("aria-label")),
  figures: all("figure").length,
  tallest: Math.max(...all("figure").map((one) => one.getBoundingClientRect().height)),
  smallest: Math.min(...all("svg text").map((one) => {
    const at = one.getScreenCTM();
    return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(at.a, at.b) * 72 / 96;
  }), ...all("td, th, p, li").map((one) => parseFloat(getComputedStyle(one).fontSize) * 72 / 96)),
  paper: getComputedStyle(document.body).backgroundColor,
  navigation: all("nav, .skip").filter((one) => one.getBoundingClientRect().height > 0).length,
  height: document.documentElement.scrollHeight,
})"""


async def printed(html, folder):
    """Return what is seen of a page as it is printed by a reader who likes it dark, and how many sheets it takes."""
    (folder / "page.html").write_text(html, encoding="utf-8")
    async with browser(folder / "profile", dark=True) as tab:
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        await tab.send("Emulation.setDeviceMetricsOverride", **size)
        dark = {"name": "prefers-color-scheme", "value": "dark"}
        await tab.send("Emulation.setEmulatedMedia", media="print", features=[dark])
        await tab.send("Page.navigate", url=(folder / "page.html").as_uri())
        await tab.until("document.readyState === 'complete' && all('footer').length > 0")
        seen = await tab.get(SEEN)
        written = await tab.send("Page.printToPDF", **PAPER, preferCSSPageSize=True, printBackground=True)
    return seen, len(re.findall(rb"/Type /Page\b", base64.b64decode(written["data"])))


def test_paper_shows_all_of_it(page, tmp_path):
    (tmp_path / "profile").mkdir()
    seen, sheets = asyncio.run(printed(page, tmp_path))
    assert seen["cut"] == [] and seen["hidden"] == [] and seen["navigation"] == 0
    assert seen["figures"] > 30 and seen["tallest"] < HEIGHT  # none is torn in two
    assert seen["smallest"] > 5.2  # points: numbers on axes of pictures that stand three in a row have 5.4
    assert seen["paper"] == "rgb(255, 255, 255)"
    full = seen["height"] / HEIGHT
    assert full <= sheets <= 1.5 * full + 1  # figures that go to the next sheet leave some room, not half of each


def test_a_table_too_wide_for_paper_is_seen(page, tmp_path):
    """So that the test above means something."""
    (tmp_path / "profile").mkdir()
    wide = page.replace("</footer>", "</footer><div style='width: 60rem'>wide</div>")
    seen, _ = asyncio.run(printed(wide, tmp_path))
    assert len(seen["cut"]) == 1
