"""stanch login: speak to a server as a person, for what a key cannot do."""

from typing import Annotated

import typer

from stanch.cli.client import reached
from stanch.cli.hidden import hidden
from stanch.cli.logins import keep_login
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.sdk.client import Client
from stanch.vocabulary.trouble import NotLoggedIn, WrongLogin

app = command("Speak to a server as yourself, for what a key cannot do.")


@app.command()
def login(
    *,
    name: Annotated[str, typer.Argument(help="Your name.")],
    data: Data = None,
    json: Json = False,
) -> None:
    """Log in, so that commands are yours; the password is asked, or read from stdin."""
    there, out = reached(data), Out(json=json)
    password = hidden("Password")
    try:
        made = Client(url=there.url).log_in(name, password)
    except NotLoggedIn:
        raise WrongLogin(there.url) from None
    keep_login(there.url, made)
    me = Client(url=there.url, login=made).get("/api/v1/me")
    if there.given:
        out.say("STANCH_KEY is set and goes before a login. Unset it to act as yourself.")
    says = f"You are {made.name}, {me['role']}, on {there.url}. `stanch logout` ends it."
    out.show({"name": made.name, "role": me["role"], "url": there.url}, says)
