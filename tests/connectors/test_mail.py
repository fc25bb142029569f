"""Mail against a server that speaks SMTP: one message, the same again for the same order."""

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from stanch.connectors import Link, Order
from stanch.connectors.mail import CONNECTOR, Mail
from stanch.vocabulary.trouble import BadInput, Unreachable


class Server(socketserver.ThreadingTCPServer):
    """Takes mail as RFC 5321 wants it, or refuses whom it is told to refuse."""

    allow_reuse_address = True
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.taken: list[EmailMessage] = []
        self.refuses = ""


class Talk(socketserver.StreamRequestHandler):
    """One conversation."""

    @property
    def ours(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def handle(self) -> None:
        self.say("220 test")
        while line := self.rfile.readline():
            word = line[:4].upper().strip()
            if word == b"RCPT" and self.ours.refuses and self.ours.refuses in line.decode():
                self.say("550 nobody of this name")
            elif word == b"DATA":
                self.say("354 go on")
                self.take()
                self.say("250 taken")
            elif word == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def take(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        found = message_from_bytes(b"".join(lines), _class=EmailMessage, policy=policy.default)
        self.ours.taken.append(found)

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def mail(server: Server) -> Mail:
    port = server.server_address[1]
    found = CONNECTOR.open(Link(address=f"smtp://127.0.0.1:{port}/?from=stanch@x.org", seconds=5))
    assert isinstance(found, Mail)
    return found


ORDER = Order(verb="tell", subject="ada@example.org", value="Look at inc-1.\nNow.", key="n1")


def test_a_person_is_written_to_and_a_repeat_is_the_same_message(
    mail: Mail, server: Server
) -> None:
    assert mail.assets() == ()
    for _ in range(2):
        assert mail.do(ORDER) == "ada@example.org was written to."
    first, again = server.taken
    assert (first["To"], first["From"]) == ("ada@example.org", "stanch@x.org")
    assert first["Subject"] == "stanch: Look at inc-1. Now."
    assert first.get_content().split() == ["Look", "at", "inc-1.", "Now."]
    assert first["Message-ID"] == again["Message-ID"]


def test_words_of_an_attacker_make_no_header(mail: Mail, server: Server) -> None:
    evil = Order(verb="tell", subject="ada@x.org", value="a\r\nBcc: all@x.org\r\n\r\n.", key="n2")
    mail.do(evil)
    (found,) = server.taken
    assert found["Bcc"] is None
    assert found["Subject"] == "stanch: a Bcc: all@x.org ."


@pytest.mark.parametrize("to", ["ada", "ada@x.org\r\nRCPT TO:<b@x.org>", "a@x.org,b@x.org"])
def test_what_is_no_single_address_is_refused_unsent(mail: Mail, server: Server, to: str) -> None:
    with pytest.raises(BadInput):
        mail.do(Order(verb="tell", subject=to, value="x", key="k"))
    assert server.taken == []


def test_a_refusal_is_unreachable(mail: Mail, server: Server) -> None:
    server.refuses = "ada@example.org"
    with pytest.raises(Unreachable, match="mail server at"):
        mail.do(ORDER)
