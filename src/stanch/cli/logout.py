"""stanch logout: end a login."""

from stanch.cli.client import reached
from stanch.cli.logins import forget_login, login_for
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.sdk.client import Client
from stanch.vocabulary.trouble import NotLoggedIn, Unreachable

app = command("Speak to it with a key again.")


@app.command()
def logout(*, data: Data = None, json: Json = False) -> None:
    """End your login, here and on the server; commands use a key again."""
    there, out = reached(data), Out(json=json)
    known = login_for(there.url)
    if known is None:
        out.show({"ended": False}, f"Nobody is logged in on {there.url}.")
        return
    forget_login(there.url)
    try:
        Client(url=there.url, login=known).send("DELETE", "/api/v1/sessions")
    except (NotLoggedIn, Unreachable) as trouble:
        out.say(str(trouble))
    out.show({"ended": True, "name": known.name}, f"{known.name} is logged out of {there.url}.")
