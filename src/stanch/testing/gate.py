"""A gate: a place on loopback where probes are sent, for tests of what guards show.

In    what answers the header of a probe.
Out   the address, for as long as the context lasts.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stanch.vocabulary.probe import HEADER


@contextmanager
def gate(answer: Callable[[str], str]) -> Iterator[str]:
    """Answers probes until the context ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """One probe."""
            body = answer(self.headers[HEADER]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its own name
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()
