"""The page's server: for this machine alone, at an address that nobody guesses, until it is stopped."""

import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass

from bokeh.application import Application
from bokeh.application.handlers.function import FunctionHandler
from bokeh.document import Document
from bokeh.server.server import BaseServer
from bokeh.server.tornado import BokehTornado
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from ..errors import InputError, Problem
from .ink import Ink
from .page import Page
from .subject import Subject

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Serving:
    """A server that listens; `address` is what to open, and the only way in."""

    server: BaseServer
    address: str

    def run(self) -> None:
        """Serve until Ctrl-C, or until somebody ends the process."""
        loop = self.server.io_loop
        asyncio_loop = loop.asyncio_loop  # type: ignore[attr-defined]  # every loop of today has one
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asyncio_loop.call_soon_threadsafe(loop.stop))  # wakes a loop at rest
        loop.start()
        self.server.stop(wait=False)


def serve(subject: Subject, *, port: int = 0) -> Serving:
    """Return a server that listens on this machine's loopback; a port of 0 is any that is free.

    Other users of the machine can reach a port, so the path is a secret of its own; and pages of other origins get no
    websocket, however they came to know it.

    Raises:
        InputError: the port cannot be had.
    """
    try:
        listening = socket.create_server((LOOPBACK, port))
    except (OSError, OverflowError) as error:
        message = f"port {port} cannot be had: {error}"
        raise InputError([Problem("--port", message, remedy="choose another, or 0 for any that is free")]) from error
    listening.setblocking(False)
    there = f"{LOOPBACK}:{listening.getsockname()[1]}"
    path = f"/{secrets.token_urlsafe(24)}"
    application = BokehTornado(
        {path: Application(FunctionHandler(page_of(subject)))}, extra_websocket_origins=[there], use_index=False
    )
    http = HTTPServer(application)
    server = BaseServer(IOLoop.current(), application, http)
    http.add_socket(listening)
    server.start()
    return Serving(server, f"http://{there}{path}")


def page_of(subject: Subject) -> Callable[[Document], None]:
    """Return what fills a new document with a page."""

    def fill(document: Document) -> None:
        context = document.session_context
        asked = getattr(context, "request", None)
        Page(document, subject, Ink("dark" if asked is not None and "dark" in asked.arguments else "light"))

    return fill
