"""Headless Chromium by its devtools protocol: a page is opened, looked at, clicked and typed into."""

import asyncio
import base64
import contextlib
import json
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

from results.browser import CHROMIUM
from tornado.websocket import websocket_connect

ALL = """
const all = (what, from = document) => {
  const found = [...from.querySelectorAll(what)]
  for (const one of from.querySelectorAll("*")) if (one.shadowRoot) found.push(...all(what, one.shadowRoot))
  return found
}
"""
"""What a page of widgets needs: each of them is a tree of its own."""


class Tab:
    """One page of a browser; `said` holds what it complained of and `asked` where it went for anything."""

    def __init__(self, socket: Any):
        self.socket, self.number = socket, 0
        self.said: list[str] = []
        self.asked: list[str] = []
        self.answers: dict[int, asyncio.Future] = {}
        self.listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        while (line := await self.socket.read_message()) is not None:
            message = json.loads(line)
            told = message.get("params", {})
            match message.get("method"):
                case "Runtime.consoleAPICalled" if told["type"] in ("error", "warning", "assert"):
                    self.said.append(" ".join(str(one.get("value", one)) for one in told["args"]))
                case "Runtime.exceptionThrown":
                    self.said.append(str(told["exceptionDetails"]))
                case "Log.entryAdded" if told["entry"]["level"] in ("error", "warning"):
                    self.said.append(told["entry"]["text"])
                case "Network.requestWillBeSent":
                    self.asked.append(told["request"]["url"])
                case "Network.webSocketCreated":
                    self.asked.append(told["url"])
                case None:
                    self.answers.pop(message["id"]).set_result(message)

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return what the browser answers to a command."""
        self.number += 1
        answer = self.answers[self.number] = asyncio.get_running_loop().create_future()
        await self.socket.write_message(json.dumps({"id": self.number, "method": method, "params": parameters}))
        found = await asyncio.wait_for(answer, 60)
        assert "error" not in found, found
        return found["result"]

    async def get(self, expression: str) -> Any:
        """Return the value of an expression in the page, which may use `all`."""
        code = f"(() => {{ {ALL} return {expression} }})()"
        found = await self.send("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    async def until(self, expression: str, seconds: float = 60) -> Any:
        """Return the value of an expression once it is true."""
        end = asyncio.get_running_loop().time() + seconds
        while not (value := await self.get(expression)):
            assert asyncio.get_running_loop().time() < end, f"never came true: {expression}"
            await asyncio.sleep(0.1)
        return value

    async def key(self, name: str, code: int, text: str = "") -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            more = {"text": text} if text and kind == "keyDown" else {}
            await self.send("Input.dispatchKeyEvent", type=kind, key=name, windowsVirtualKeyCode=code, **more)

    async def picture(self, path: Path) -> None:
        """Save what is seen."""
        shot = await self.send("Page.captureScreenshot", format="png", captureBeyondViewport=False)
        path.write_bytes(base64.b64decode(shot["data"]))


@contextlib.asynccontextmanager
async def browser(folder: Path, *, width: int = 1500, height: int = 1100, dark: bool = False):
    """Give an empty tab of a browser of this size."""
    assert CHROMIUM
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={folder}")
    running = subprocess.Popen([CHROMIUM, *flags], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        written = folder / "DevToolsActivePort"
        for _ in range(300):
            if written.is_file() and written.read_text().strip():
                break
            await asyncio.sleep(0.1)
        port = written.read_text().splitlines()[0]
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
        there = await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(asked)))
        tab = Tab(await websocket_connect(there["webSocketDebuggerUrl"], max_message_size=2**27))
        for domain in ("Runtime", "Log", "Network", "Page"):
            await tab.send(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await tab.send("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await tab.send("Emulation.setEmulatedMedia", features=[scheme])
        yield tab
        tab.socket.close()
        tab.listening.cancel()
    finally:
        running.terminate()
        running.wait(20)
