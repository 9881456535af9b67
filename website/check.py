"""Whether the built site keeps to itself: no page fetches anything from elsewhere, and no equation was left as it is
written. `python -m website.check` after the build."""

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

SITE = Path(__file__).parents[1] / "site"
FETCHED = {
    "script": "src",
    "img": "src",
    "link": "href",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}
ELSEWHERE = ("http:", "https:", "//")


class Page(HTMLParser):
    """What a page fetches as it opens, and what its words are."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag fetches."""
        self.fetched += [value for name, value in attrs if name == FETCHED.get(tag) and value]

    def handle_data(self, data: str) -> None:
        """Note the words."""
        self.words.append(data)


def problems(place: Path) -> Iterator[str]:
    """Yield what is wrong with a page."""
    page = Page()
    page.feed(place.read_text(encoding="utf-8"))
    yield from (f"fetches {one}" for one in page.fetched if one.startswith(ELSEWHERE))
    if "$`" in "".join(page.words):
        yield "shows an equation as it is written"


def main() -> int:
    """Print every problem of every page; 1 where there are any, or no pages."""
    pages = sorted(SITE.rglob("*.html"))
    found = [f"{page.relative_to(SITE)} {problem}" for page in pages for problem in problems(page)]
    print(*found, f"{len(pages)} pages, {len(found)} problems", sep="\n")
    return 1 if found or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
