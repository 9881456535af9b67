"""A page looked at by headless Chromium: sizes, links, overlapping words, what its console says."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')

LOOK = """
<script>
addEventListener("load", () => {
  const all = (what) => [...document.querySelectorAll(what)];
  const box = (one) => one.getBoundingClientRect();
  const crossing = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1.5;
  const overlapping = [], cut = [];
  for (const svg of all("svg")) {
    const words = [...svg.querySelectorAll("text")].map((one) => [one.textContent, box(one)]);
    const edge = box(svg);
    cut.push(...words.filter(([, at]) => at.left < edge.left - 1 || at.right > edge.right + 1).map(([a]) => a));
    words.forEach(([a, at], i) => words.slice(i + 1).forEach(([b, there]) => {
      if (crossing(at, there)) overlapping.push([svg.getAttribute("aria-label").slice(0, 60), a, b]);
    }));
  }
  const ids = all("[id]").map((one) => one.id);
  parent.postMessage(JSON.stringify({
    name: window.name,
    scripts: all("script").length - 1,
    figures: all("svg").map((one) => [one.getAttribute("aria-label"), box(one).width, box(one).height]),
    unnamed: all("svg").filter((one) => !one.getAttribute("aria-label") || one.getAttribute("role") !== "img").length,
    broken: all("a").filter((one) => !ids.includes(one.getAttribute("href").slice(1))).map((one) => one.outerHTML),
    twice: ids.filter((one, place) => ids.indexOf(one) !== place),
    wide: document.documentElement.scrollWidth - innerWidth,
    smallest: Math.min(...all("svg text").map((one) => {
      const at = one.getScreenCTM();
      return parseFloat(getComputedStyle(one).fontSize) * Math.hypot(at.a, at.b);
    })),
    paper: getComputedStyle(document.body).backgroundColor,
    unreached: all(".table").filter((one) => one.tabIndex !== 0).length,
    overlapping,
    cut,
  }), "*");
});
</script>
"""

OUTSIDE = """<!doctype html><title>outside</title><body><script>
addEventListener("message", (said) => {{
  const line = document.createElement("pre"); line.className = "said"; line.textContent = said.data;
  document.body.append(line);
}});
</script>{frames}</body>"""


def _run(page: Path, *more: str) -> tuple[str, str]:
    """Return the page as it is after it ran, and what the browser logged."""
    assert CHROMIUM
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--dump-dom")
    place = f"--user-data-dir={page.parent / 'profile'}"
    command = [CHROMIUM, *flags, place, "--virtual-time-budget=20000", *more, page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


def console(page: Path) -> list[str]:
    """Return the lines that a page wrote to the console."""
    return [line for line in _run(page)[1].splitlines() if "CONSOLE" in line]


def looked_at(html: str, folder: Path, widths: tuple[int, ...], *more: str) -> dict[int, dict]:
    """Return what a script sees of the page at each width; it runs in a copy without the page's policy."""
    page = folder / "looked_at.html"
    page.write_text(POLICY.sub("", html).replace("</body>", f"{LOOK}</body>"), encoding="utf-8")
    frames = "".join(
        f'<iframe src="{page.name}" name="{width}" width="{width}" height="900"></iframe>' for width in widths
    )
    outside = folder / "outside.html"
    outside.write_text(OUTSIDE.format(frames=frames), encoding="utf-8")
    seen = re.findall(r'<pre class="said">(.*?)</pre>', _run(outside, "--window-size=1600,1000", *more)[0], re.DOTALL)
    found = [json.loads(unescape(one)) for one in seen]
    return {int(one["name"]): one for one in found}
