"""stanch gateway: our proxy, or Envoy, before a model service."""

import logging
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from stanch import settings
from stanch.cli.client import running_on
from stanch.cli.options import Data, Json, command
from stanch.cli.out import Out
from stanch.engine import ending
from stanch.guard.core import ALIVE, Choices
from stanch.guard.gateway.config import GatewayConfig
from stanch.guard.identity import identify_as
from stanch.guard.sources import X_FORWARDED_FOR
from stanch.guard.troubles import LOG
from stanch.guard.trust import server_keys
from stanch.vocabulary.asset import Fails
from stanch.vocabulary.network import IN_THE_CLEAR, beyond_this_machine
from stanch.vocabulary.trouble import BadInput, NotRunning

app = command("Our proxy, or Envoy, before a model service.")


Upstreams = Annotated[
    list[str],
    typer.Option("--upstream", help="A version's address, like v6=http://127.0.0.1:9001."),
]
Believed = Annotated[
    str,
    typer.Option(
        "--identify",
        help="Who is believed: address, header:NAME:SECRET-HEADER:SECRET-FILE, "
        "or bearer:KEYS-FILE (a line each: key, blank, principal).",
    ),
]
Key = Annotated[str, typer.Option(help="A guard's key, or @FILE that holds it; else STANCH_KEY.")]
ServerKey = Annotated[
    Path | None,
    typer.Option(
        help="The server's keys.json: policies that it did not sign are refused. By itself "
        "that of the server on this machine."
    ),
]
Unidentified = Annotated[
    Fails, typer.Option(help="Whether a caller that nobody vouches for is served.")
]
Trusted = Annotated[
    list[str] | None,
    typer.Option("--trust", help="A network of proxies whose word on addresses counts."),
]
Hops = Annotated[
    int, typer.Option("--hops", min=0, help="How many proxies nobody can pass by stand in front.")
]
Forwarded = Annotated[
    str, typer.Option("--forwarded", help="What they write: x-forwarded-for or forwarded.")
]
LastGood = Annotated[
    Path | None, typer.Option(help="The file that keeps the policy over a restart.")
]
Rules = Annotated[
    list[str] | None, typer.Option("--rule", help="A filter rule's text, like name=in words: x.")
]
Told = Annotated[
    list[str] | None, typer.Option("--told", help="What every event says, like region=eu.")
]
Exempt = Annotated[
    list[str] | None,
    typer.Option("--exempt", help="A path that is never guarded, beside those that say it lives."),
]
Read = Annotated[
    float, typer.Option("--read-seconds", min=0.1, help="How long an upstream may stand still.")
]
Envoy = Annotated[
    Path | None, typer.Option("--envoy", metavar="DIR", help="Run Envoy; DIR keeps its files.")
]


@app.command()
def gateway(  # noqa: PLR0913  each is an option of the command
    *,
    asset: Annotated[str, typer.Option("--asset", help="The asset's id.")],
    upstream: Upstreams,
    identify: Believed,
    listen: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1:8485",
    server: Annotated[str, typer.Option(help="The stanch server; else STANCH_URL.")] = "",
    key: Key = "",
    server_key: ServerKey = None,
    default: Annotated[str, typer.Option(help="The version that answers by itself.")] = "",
    address: Annotated[str, typer.Option(help="Where the server can send a probe.")] = "",
    fail: Annotated[Fails, typer.Option(help="While there was never a policy.")] = Fails.OPEN,
    unidentified: Unidentified = Fails.CLOSED,
    trust: Trusted = None,
    hops: Hops = 0,
    forwarded: Forwarded = X_FORWARDED_FOR,
    last_good: LastGood = None,
    rule: Rules = None,
    exempt: Exempt = None,
    told: Told = None,
    read_seconds: Read = 60.0,
    envoy: Envoy = None,
    telemetry: Annotated[bool, typer.Option(help="Whether to send events.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan, then stop.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Stand before the versions of a model service, and keep it in line with its policy."""
    host, port = _listening(listen)
    url, secret = _server(server, _secret(key), data)
    keys = _keys_of(server_key, server, data)
    choices = Choices(
        fail=fail,
        unidentified=unidentified,
        trusted_proxies=tuple(trust or ()),
        trusted_hops=hops,
        forwarded=forwarded,
        last_good=last_good,
        verify=server_keys(_text(str(keys))) if keys else None,
        rules=_pairs(rule or (), "--rule"),
        exempt=(*ALIVE, *(exempt or ())),
        telemetry=telemetry,
        told=_pairs(told or (), "--told"),
        address=address or f"http://{host}:{port}/",
    )
    config = GatewayConfig(
        asset=asset,
        upstreams=_pairs(upstream, "--upstream"),
        server=url,
        key=secret,
        default=default,
        identify=identify_as(identify, _text),
        host=host,
        port=port,
        read_seconds=read_seconds,
        choices=choices,
    )
    out = Out(json=json)
    if envoy is not None:
        _front(config, envoy.absolute(), lambda: _show(config, keys, out), dry_run=dry_run)
        return
    from stanch.guard.gateway.proxy import gateway as made  # noqa: PLC0415  the heavy part
    from stanch.guard.gateway.serve import listening, run  # noqa: PLC0415  likewise

    if dry_run:
        made(config)
        _show(config, keys, out)
        return
    place = listening(config)
    _show(config, keys, out)
    _aloud()
    ending.as_sigterm(signal.SIGHUP)
    run(config, place)


def _aloud() -> None:
    """What the guard says goes to stderr with its time: the process is ours."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


def _show(config: GatewayConfig, keys: Path | None, out: Out) -> None:
    """Say what is guarded, where, and by whose policies."""
    place = f"{config.host}:{config.port}"
    sentence = f"{config.asset} is guarded on {place}, before {', '.join(config.upstreams)}."
    if not keys:
        sentence += " Policies are not checked for the server's signature: give --server-key."
    if beyond_this_machine(config.host):
        sentence += f" {IN_THE_CLEAR}"
    plan = {"asset": config.asset, "listen": place, "server": config.server, **_versions(config)}
    out.show({**plan, "signed_by": str(keys) if keys else None}, sentence)


def _front(config: GatewayConfig, folder: Path, show: Callable[[], None], *, dry_run: bool) -> None:
    """Run Envoy until ^C or SIGTERM; Unreachable when it dies again and again."""
    from stanch.cli.fronting import Fronting  # noqa: PLC0415  only with --envoy

    fronting = Fronting(config, folder)
    if dry_run:
        show()
        return
    over = threading.Event()
    _aloud()
    with ending.instead(over.set):
        fronting.start()
        show()
        try:
            while not over.wait(0.2):
                fronting.watch()
        finally:
            fronting.stop()


def _versions(config: GatewayConfig) -> dict[str, object]:
    return {"upstreams": dict(config.upstreams), "default": config.versions[0]}


def _pairs(texts: Iterable[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in texts:
        name, value = _pair(one, option)
        if found.setdefault(name, value) != value:
            raise BadInput(f"{option} says two things of {name[:60]!r}. Say one.")
    return found


def _pair(text: str, option: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not (mark and name.strip() and value.strip()):
        raise BadInput(f"{option} wants NAME=VALUE, not {text[:60]!r}.")
    return name.strip(), value.strip()


def _listening(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65_535 or not host:  # noqa: PLR2004  the last port there is
        raise BadInput(f"--listen wants HOST:PORT, not {text[:60]!r}.")
    return host.strip("[]"), int(port)


def _secret(text: str) -> str:
    return _text(text[1:]).strip() if text.startswith("@") else text


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read. Give a file that this user can read.") from error


def _keys_of(given: Path | None, url: str, data: Path | None) -> Path | None:
    """The file of the server's public keys: as given, else of the server on this machine."""
    asked = settings.from_environment()
    named = url or (asked.url if data is None else "")
    folder = data or asked.data
    here = running_on(folder)
    ours = not named or (here is not None and here.url == named.rstrip("/"))
    beside = folder / "keys" / "keys.json"
    return given or (beside if ours and beside.is_file() else None)


def _server(url: str, key: str, data: Path | None) -> tuple[str, str]:
    """The server's address and a key: as given, else the environment's, else of this machine."""
    asked = settings.from_environment()
    folder = data or asked.data
    found = url or (asked.url if data is None else "")
    if not found:
        running = running_on(folder)
        if running is None:
            raise NotRunning(folder, folder)
        found = running.url
    secret = key or asked.key
    if not secret:
        raise BadInput("A gateway needs a key. Make one: stanch key create --scope guard.")
    return found, secret
