"""What really holds after a change of one field, where other fields of the policy hold as well.

In    the policy before and after.
Out   a sentence for each field whose new value says less than the whole: a rate of one's own beside
      a slower one of everybody's, a network that a wider one still covers.
Why   who reads "key-9 may ask 600/hour" says yes to that, and not to the 60/hour that will hold.
"""

from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from stanch.contain.policy import answering_mode
from stanch.contain.rate import in_words, own_rates
from stanch.contain.wording import names, phrases, sentences
from stanch.vocabulary.policy import Mode, Policy, Rate
from stanch.vocabulary.spelling import folded, spellings
from stanch.vocabulary.spoken import LONGEST, spoken

Net = IPv4Network | IPv6Network


def _everybodys_rate(_: Policy, after: Policy) -> str:
    general, own = after.limit.per_principal, own_rates(after.limit)
    other = [
        f"{spoken(who, LONGEST)} {in_words(own[folded(who)])}"
        for who in after.limit.principals
        if own[folded(who)] != general
    ]
    may = "as often as it likes" if general is None else in_words(general)
    but = f", but {phrases(other)}" if other else ""
    return f"Each principal may ask {may}{but}.{_together(after, general)}"


def _own_rates(before: Policy, after: Policy) -> str:
    stated, was, held = after.limit.principals, before.limit.principals, own_rates(after.limit)
    new = [who for who, rate in stated.items() if was.get(who) != rate]
    few = [_own(who, stated[who], held[folded(who)]) for who in new]
    gone = [who for who in was if who not in stated]
    denied = spellings(after.deny.principals)
    slowest = max((held[folded(who)] for who in new), key=_often, default=None)
    said = sentences(
        ("{} may ask as often as others again.", [w for w in gone if folded(w) not in held]),
        (
            "{} keep the rate that stands under another spelling.",
            [w for w in gone if folded(w) in held],
        ),
        ("{} may not ask at all, by name.", [who for who in new if folded(who) in denied]),
    )
    said = " ".join(filter(None, (f"{phrases(few)}." if few else "", said)))
    return said + (_together(after, slowest) if slowest else "")


def _own(who: str, stated: Rate, held: Rate) -> str:
    if held == stated:
        return f"{spoken(who, LONGEST)} may ask {in_words(held)}"
    both = f"(stated is {in_words(stated)}, everybody's rate holds too)"
    return f"{spoken(who, LONGEST)} may ask {in_words(held)} {both}"


def _together(after: Policy, rate: Rate | None) -> str:
    """What all together may ask, where that is less than one of them may."""
    overall = after.limit.overall
    if overall is None or (rate is not None and _often(overall) >= _often(rate)):
        return ""
    return f" All principals together may ask {in_words(overall)}."


def _often(rate: Rate) -> float:
    return rate.count / rate.seconds


def _principals(before: Policy, after: Policy) -> str:
    new = after.deny.principals - before.deny.principals
    left = spellings(after.deny.principals)
    gone = before.deny.principals - after.deny.principals
    free = [who for who in gone if folded(who) not in left]
    return sentences(
        ("{} may not ask.", new),
        ("{} may ask again." + _unanswered(after), free),
        (
            "{} may not ask still: another spelling is denied.",
            [w for w in gone if folded(w) in left],
        ),
    )


def _networks(before: Policy, after: Policy) -> str:
    new = after.deny.networks - before.deny.networks
    gone = before.deny.networks - after.deny.networks
    wider = _inside(gone, after.deny.networks)
    narrower = _inside(after.deny.networks, gone - wider)
    but = f", but not those in {names(narrower)}" if narrower else ""
    return sentences(
        ("Addresses in {} may not ask.", new),
        (f"Addresses in {{}} may ask again{but}." + _unanswered(after), gone - wider),
        ("Addresses in {} may not ask still: a wider network is denied.", wider),
    )


def _inside(some: Iterable[str], others: Iterable[str]) -> frozenset[str]:
    """Those of some networks that lie in one of others."""
    wide: set[Net] = {ip_network(one, strict=False) for one in others}
    lengths = {one.prefixlen for one in wide}
    return frozenset(one for one in some if _within(ip_network(one, strict=False), wide, lengths))


def _within(one: Net, wide: set[Net], lengths: Iterable[int]) -> bool:
    return any(
        one.supernet(new_prefix=length) in wide for length in lengths if length <= one.prefixlen
    )


def _unanswered(after: Policy) -> str:
    return " Nobody is answered now, though." if answering_mode(after) is Mode.STOPPED else ""


def _denied_tools(before: Policy, after: Policy) -> str:
    gone = before.tools.deny - after.tools.deny
    return sentences(
        ("Tools {} may not be used.", after.tools.deny - before.tools.deny),
        ("Tools {} may be used again.", gone - after.tools.ask),
        ("Tools {} may be used again, with a person's leave.", gone & after.tools.ask),
    )


def _asked_tools(before: Policy, after: Policy) -> str:
    new, gone = after.tools.ask - before.tools.ask, before.tools.ask - after.tools.ask
    return sentences(
        ("Tools {} need a person's leave.", new - after.tools.deny),
        ("Tools {} need no leave.", gone - after.tools.deny),
        (
            "Tools {} may not be used at all, with leave or without.",
            (new | gone) & after.tools.deny,
        ),
    )


HELD: Mapping[str, Callable[[Policy, Policy], str]] = {
    "deny.principals": _principals,
    "deny.networks": _networks,
    "limit.per_principal": _everybodys_rate,
    "limit.principals": _own_rates,
    "tools.deny": _denied_tools,
    "tools.ask": _asked_tools,
}
"""The fields whose sentence depends on others."""
