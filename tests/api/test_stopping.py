"""A server that is told to stop stops, also with a request in hand that does not end."""

import http.client
import signal
import subprocess
import sys

from tests.processes import PATIENCE

SERVER = """
import asyncio, os, threading
from tests.processes import PATIENCE
from stanch.api import server
from stanch.engine.threads import Threads

server._LAST_SECONDS = 0.1
address = server.free_address("127.0.0.1", 0)

async def endless(scope, receive, send):
    print("asked", flush=True)
    await asyncio.to_thread(threading.Event().wait)

async def listening():
    print(address.port, flush=True)

async def main():
    asyncio.get_running_loop().set_default_executor(Threads(patience=0.1))
    await server.listen(endless, address, listening, lambda: print("stopping", flush=True))

asyncio.run(main())
print("over", flush=True)
os._exit(0)
"""


def test_a_server_stops_with_a_request_in_hand_that_does_not_end() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = int(process.stdout.readline())
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        line.request("GET", "/")
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readlines() == ["stopping\n", "over\n"]
        assert process.wait(PATIENCE) == 0
        line.close()
        assert process.stderr.read() == ""
