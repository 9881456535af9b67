"""`explore` prints one address of this machine, lets in who knows it and nobody else, and ends when it is told to."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from explore.conftest import EVIL
from explore.devtools import browser
from results.browser import CHROMIUM
from results.made_up import chart, origin, sampled
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.store import save

ROOT = Path(__file__).parents[2]
EXPECTED = "allowHTML will default to false"
"""What a widget's library says of itself, whatever the page does."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")


@contextmanager
def served(*arguments):
    """Run the command in a process of its own; give it and the address it printed."""
    command = [sys.executable, "-m", "cls_infer", "explore", *map(str, arguments), "--quiet"]
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JAX_COMPILATION_CACHE_DIR": str(ROOT / ".cache" / "jax"),
    }
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert running.stdout is not None
    try:
        yield running, running.stdout.readline().strip()
    finally:
        running.kill()
        running.communicate()


@pytest.fixture(scope="module")
def address():
    """Where a model is explored."""
    with served("volume_kinetics") as (_, where):
        yield where


@pytest.fixture(scope="module")
def of_run(tmp_path_factory):
    """Where a run is explored whose second patient has a name that is not meant well."""
    kinetics, cohort = load_model("volume_kinetics"), chart("P1", EVIL)
    fit = conclude([sampled(posterior(kinetics, cohort))], provenance=origin(kinetics, cohort))
    folder = save(fit, tmp_path_factory.mktemp("runs") / "one").folder
    with served(folder) as (_, where):
        yield where


def asked(url):
    """Return the status of a page."""
    try:
        return urllib.request.urlopen(url, timeout=20).status
    except urllib.error.HTTPError as error:
        return error.code


def other_address():
    """Return an address of this machine that is not its loopback's; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it only chooses the way out
        except OSError:
            return None
        return probe.getsockname()[0]


def test_the_page_is_on_loopback_at_a_secret_path(address):
    where = urlsplit(address)
    assert where.scheme == "http" and where.hostname == "127.0.0.1" and len(where.path) > 30
    assert asked(address) == 200
    assert asked(f"http://{where.netloc}/") == asked(f"http://{where.netloc}/explore") == 404


def test_nobody_outside_reaches_the_port(address):
    outside = other_address()
    if outside is None or outside.startswith("127."):
        outside = "127.0.0.2"  # loopback too, and not the one that is bound
    with pytest.raises((ConnectionRefusedError, TimeoutError)):
        socket.create_connection((outside, urlsplit(address).port), timeout=5)


@pytest.mark.parametrize("origin", ["http://evil.example", "http://127.0.0.1:1", "http://localhost"])
def test_a_page_of_another_origin_gets_no_websocket(address, origin):
    where = urlsplit(address)

    async def connect(origin):
        request = HTTPRequest(f"ws://{where.netloc}{where.path}/ws", headers={"Origin": origin})
        connection = await websocket_connect(request, subprotocols=["bokeh", "none"])
        connection.close()
        while await connection.read_message() is not None:  # until it is closed
            pass

    with pytest.raises(HTTPClientError, match="403"):
        asyncio.run(connect(origin))
    asyncio.run(connect(f"http://{where.netloc}"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(number):
    with served("volume_kinetics", "--port", 0) as (running, where):
        assert asked(where) == 200
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
        assert (running.returncode, out, err) == (0, "", "")


def test_what_cannot_be_explored_exits_2(cls_infer, tmp_path):
    said = cls_infer("explore", "two_poor")
    assert (said.code, said.out) == (2, "") and "did you mean `two_pore`?" in said.err
    said = cls_infer("explore", tmp_path)
    assert said.code == 2 and "run folder" in said.err
    said = cls_infer("explore", "volume_kinetics", "--scenario", "nowhere.toml")
    assert said.code == 2 and "no scenario or file `nowhere.toml`" in said.err
    assert cls_infer("explore", tmp_path, "--scenario", "ards").code == 2
    assert cls_infer("explore", "volume_kinetics", "--model", "x.py").code == 2


def test_without_the_extra_it_says_what_to_install(cls_infer, monkeypatch):
    monkeypatch.setattr("cls_infer.cli.explore.find_spec", lambda name: None)
    said = cls_infer("explore", "volume_kinetics")
    assert said.code == 2 and "`bokeh` and `tomli_w`, which are not installed; install `cls_infer[explore]`" in said.err


def test_a_port_that_is_taken_is_refused(cls_infer):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = cls_infer("explore", "volume_kinetics", "--port", taken.getsockname()[1])
    assert said.code == 2 and "cannot be had" in said.err and said.out == ""


async def looked_at(tab, address):
    """Open the page and wait until every figure is drawn."""
    await tab.send("Page.navigate", url=address)
    await tab.until('all("canvas").length > 4 && all("[role=slider]").length > 2 && all("[role=img]").length > 3')
    await tab.until('all("[role=status]").some((one) => one.shadowRoot?.textContent.includes("Nothing is changed"))')


def complaints(tab):
    return [line for line in tab.said if EXPECTED not in line and "favicon" not in line]


@needs_chromium
def test_a_browser_draws_every_figure_asks_nobody_else_and_follows_a_slider(address, tmp_path):
    async def look():
        async with browser(tmp_path) as tab:
            await looked_at(tab, address)
            labels = await tab.get('all("[role=img]").map((one) => [one.ariaLabel, one.clientWidth, one.clientHeight])')
            assert {label.partition(" over time")[0] for label, _, _ in labels} >= {"Haematocrit", "Therapy and losses"}
            assert all(width > 250 and height > 60 for _, width, height in labels)
            assert await tab.get("document.documentElement.scrollWidth <= innerWidth")
            unnamed = 'all("input, select, textarea").filter((one) => !one.labels?.length && !one.ariaLabel).length'
            assert await tab.get(unnamed) <= 1  # the field in which quantities are looked for
            before = await tab.get('all("[role=img]").map((one) => one.ariaLabel)')
            await tab.get('all("[role=slider]")[0].focus()')
            for _ in range(5):
                await tab.key("ArrowRight", 39)
            seen = 'all("[role=status]").some((one) => one.shadowRoot?.textContent.includes("Changed: "))'
            await tab.until(seen)
            assert await tab.get('all("[role=img]").map((one) => one.ariaLabel)') != before
            assert complaints(tab) == []
            there = urlsplit(address).netloc
            assert {urlsplit(url).netloc for url in tab.asked if not url.startswith(("data:", "blob:"))} == {there}

    asyncio.run(look())


@needs_chromium
def test_a_run_is_shown_whoever_its_patients_are(of_run, tmp_path):
    async def look():
        async with browser(tmp_path, dark=True) as tab:
            await looked_at(tab, of_run)
            assert "dark" in await tab.get("location.search")
            dark = await tab.get("getComputedStyle(document.body).backgroundColor")
            assert dark == "rgb(20, 23, 26)"
            chosen = 'all("select")[0]'
            assert EVIL in await tab.get(f"[...{chosen}.options].map((one) => one.text)")
            await tab.get(f"({chosen}.value = {EVIL!r}, {chosen}.dispatchEvent(new Event('change')))")
            await tab.until(f"all('*').some((one) => one.textContent?.startsWith({EVIL!r} + ': 6 m'))", 20)
            assert await tab.get("[...document.scripts].every((one) => !one.textContent.startsWith('alert'))")
            assert complaints(tab) == []

    asyncio.run(look())
