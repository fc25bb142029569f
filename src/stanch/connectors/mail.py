"""Mail: people are told by e-mail, over SMTP.

In    `smtp://user@host:587` (STARTTLS where there is a password) or `smtps://user@host:465`; the
      password of the address is the account's; `?from=` names the sender, else the account does.
Out   the order `tell`: one message to the address in `subject`. There are no assets here.
Why   everybody can be reached by mail, without a service in between.

The Message-ID is made from the order's key, so that mail programs show a repeat as the same mail.
What is told is text from elsewhere: it is sent as plain text, its first line cut for the subject.
"""

import hashlib
import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from urllib.parse import parse_qs, unquote, urlsplit

from stanch.connectors import Connector, Link, Order, secret
from stanch.vocabulary.asset import Asset
from stanch.vocabulary.trouble import BadInput, Unreachable

_SUBJECT = 120


class Mail:
    """One mail server."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def assets(self) -> tuple[Asset, ...]:
        """None, once the server has greeted."""
        with self._connected():
            return ()

    def do(self, order: Order) -> str:
        """Hands the message to the server."""
        to = order.subject.strip()
        if order.verb != "tell" or "@" not in to or any(c in to for c in "\r\n,;"):
            raise BadInput(f"Mail cannot {order.verb!r} {to[:80]!r}. Order `tell` on an address.")
        message = _message(self._sender(), to, order)
        try:
            with self._connected() as line:
                line.send_message(message, self._sender(), [to])
        except (OSError, smtplib.SMTPException) as error:
            raise self._silent(error) from None
        return f"{to} was written to."

    def _sender(self) -> str:
        given = urlsplit(self._link.address)
        asked = parse_qs(given.query).get("from", [""])[0]
        user = unquote(given.username or "")
        return asked or (user if "@" in user else f"{user or 'stanch'}@{given.hostname}")

    def _connected(self) -> smtplib.SMTP:
        """A connection, logged in where there is a password."""
        given, safe = urlsplit(self._link.address), ssl.create_default_context()
        host, seconds = given.hostname or "", self._link.seconds
        try:
            if given.scheme == "smtps":
                line: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, given.port or 465, timeout=seconds, context=safe
                )
            else:
                line = smtplib.SMTP(host, given.port or 25, timeout=seconds)
            try:
                if secret(self._link) and given.scheme != "smtps":
                    line.starttls(context=safe)
                if secret(self._link):
                    line.login(unquote(given.username or ""), secret(self._link))
            except BaseException:
                line.close()
                raise
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._silent(error) from None
        return line

    def _silent(self, error: Exception) -> Unreachable:
        code = getattr(error, "smtp_code", "")
        why = f"{type(error).__name__} {code}".strip() + f", within {self._link.seconds:g} s"
        return Unreachable(f"The mail server at {self._link.shown}", why)


def _message(sender: str, to: str, order: Order) -> EmailMessage:
    first = " ".join(order.value.split())
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"] = sender, to
    made["Subject"] = f"stanch: {first[:_SUBJECT]}" + ("..." if len(first) > _SUBJECT else "")
    stamp = hashlib.sha256(order.key.encode()).hexdigest()[:32]
    made["Message-ID"] = f"<{stamp}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(order.value + "\n")
    return made


CONNECTOR = Connector(
    id="mail",
    title="Mail",
    like="smtp://user@host:587, or smtps://user@host:465",
    says="Tells people.",
    open=Mail,
    verbs=("tell",),
)
