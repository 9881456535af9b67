"""The diagrams of the documentation site: all that the text of a model page says is drawn, and where it goes."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from website.diagram import draw, read
from website.offline import diagram

PAGES = {
    path.stem: re.findall(r"```mermaid\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    for path in sorted((Path(__file__).parents[2] / "docs" / "models").glob("*.md"))
}
SHORT = """\
flowchart LR
  n_a["<b>a</b><br/>V_a"]
  n_b["<b>b</b><br/>V_b"]
  n_S(["S<br/>a signal"])
  n_b --- n_b_to_a["<i>volume</i> J·C"]:::plain --> n_a
  n_a_given_in("water<br/>salt & <x>"):::given
  n_a_given_in --> n_a
  n_a -.-> n_S
  classDef plain fill:none,stroke:none
"""


def places(path):
    """The numbers of a path, in their order."""
    return [float(number) for number in re.findall(r"[\d.]+", path.get("d") or "")]


def words(svg):
    return " ".join("".join(text.itertext()) for text in svg.iter("text"))


@pytest.mark.parametrize("name", [name for name, blocks in PAGES.items() if blocks])
def test_all_that_a_page_says_is_drawn(name):
    (text,) = PAGES[name]
    svg = ElementTree.fromstring(draw(text))
    said, told = words(svg), read(text)
    for node in told.nodes.values():
        for line in node.lines:
            assert all(word in said for word in re.sub("<.*?>", "", line).split()), line
    arrows = [path for path in svg.iter("path") if path.get("marker-end")]
    assert len(arrows) == len(told.rows) == len(re.findall(r"-->|-\.->", text))
    width = float(svg[0].get("width"))
    assert all(x <= width for path in arrows for x in places(path)[::2])


def test_an_arrow_leads_from_the_line_of_its_source_to_that_of_its_target():
    svg = ElementTree.fromstring(draw(SHORT))
    lines = [places(path)[0] for path in svg.iter("path") if path.get("class") == "life"]
    flow, given, signal = [path for path in svg.iter("path") if path.get("marker-end")]
    begin, _, end = places(flow)
    assert (begin, end) == (lines[1], lines[0]) and flow.get("class") is None
    begin, _, end = places(given)
    assert begin > end == lines[0]  # from words beside the line into it
    begin, _, end = places(signal)
    assert (begin, end) == (lines[0], lines[2]) and signal.get("class") == "dotted"
    assert "water, salt & <x>" in words(svg)  # as it is written, not as a tag


def test_a_text_that_is_none_of_ours_is_refused():
    with pytest.raises(ValueError, match="no node: A"):
        read("flowchart LR\n  A{really?} --> B")


def test_the_text_stays_below_its_drawing():
    html = diagram(SHORT)
    assert html.index("<svg") < html.index("<details>") and "n_b --- n_b_to_a" in html
