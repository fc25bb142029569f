"""What changes between two policies, in sentences for the people who must agree to it.

In    the policy before and after.
Out   one Change for each field that differs: its name, a sentence, and whether it is stricter.
Why   an approval is of these words; a change that nobody was told of was not approved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter

from stanch.contain.alike import is_alike, likeness
from stanch.contain.combine import combine
from stanch.contain.diff_held import HELD
from stanch.contain.policy import REST, closed, nobody_left, wants, weights
from stanch.contain.rate import in_words
from stanch.contain.wording import SHOWN, names, sentences
from stanch.vocabulary.policy import LogLevel, Mark, Mode, Policy, Rate, Scores

__all__ = ["SHOWN", "Change", "changes", "names", "no_freer"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One field that differs between two policies."""

    field: str
    says: str
    stricter: bool
    """Whether the new value holds back at least all that the old one did."""


def changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Every field that differs, one sentence each; the version and the end are not fields."""
    return tuple(
        Change(
            field=path,
            says=_unanswered(path, after) or sentence(before, after),
            stricter=_adds(path, before, after),
        )
        for path, sentence in _SENTENCES.items()
        if attrgetter(path)(before) != attrgetter(path)(after)
    )


def no_freer(before: Policy, after: Policy) -> bool:
    """Whether the policy after holds back at least all that the one before did."""
    return wants(combine(before, after)) == wants(after)


def _adds(path: str, before: Policy, after: Policy) -> bool:
    """Whether this one field alone makes the old policy no freer."""
    top, _, rest = path.partition(".")
    value = attrgetter(path)(after)
    part = replace(getattr(before, top), **{rest: value}) if rest else value
    return no_freer(before, replace(before, **{top: part}))


_MODES: Mapping[Mode, str] = {
    Mode.SERVING: "The model answers again.",
    Mode.SHADOW: "The model's answers are logged and not given; the fallback answers.",
    Mode.SAFE: "The model is not asked; the fallback answers.",
    Mode.STOPPED: "Nobody is answered; every request is refused.",
}

_NO_FALLBACK: Mapping[Mode, str] = {
    Mode.SHADOW: (
        "The model's answers are logged and not given, and there is no fallback answer: every "
        "request is refused."
    ),
    Mode.SAFE: (
        "The model is not asked, and there is no fallback answer: every request is refused."
    ),
}

_GIVEN: Mapping[Scores, str] = {
    Scores.ALL: "Answers show every score again.",
    Scores.TOP1: "Answers show only the highest score.",
    Scores.NONE: "Answers show no scores.",
}


def _mode(_: Mode, after: Mode) -> str:
    return _MODES[after]


def _unanswered(path: str, after: Policy) -> str:
    """The sentence on a mode in which a fallback would answer, where there is none."""
    return _NO_FALLBACK.get(after.mode, "") if path == "mode" and not after.fallback else ""


def _scores(_: Scores, after: Scores) -> str:
    return _GIVEN[after]


def _route(_: Mapping[str, int], after: Mapping[str, int]) -> str:
    if nobody_left(after):
        return "No version is left that may answer."
    if not after:
        return "The service routes by itself again."
    if not closed(after):
        return f"Version {names(list(after))} gets no requests; the rest stay as they are."
    total = sum(weights(after).values())
    parts = [f"{v} gets {100 * w / total:.3g} %" for v, w in weights(after).items()]
    stopped = [v for v, w in sorted(after.items()) if w == 0 and v != REST]
    return f"Of the requests {', '.join(parts + [f'{v} gets none' for v in stopped])}."


def _log(_: LogLevel, after: LogLevel) -> str:
    full = after is LogLevel.FULL
    return "Each exchange is kept in full." if full else "Exchanges are kept as usual again."


def _rules(before: frozenset[str], after: frozenset[str]) -> str:
    """Rules by their names; those on inputs that are alike are no names, and have a sentence."""
    worded = frozenset(one for one in before | after if not is_alike(one))
    new, old = (after - before) & worded, (before - after) & worded
    said = [sentences(("Rules {} apply.", new), ("Rules {} are lifted.", old))]
    said += [likeness(one).says for one in sorted(after - before - worded)]
    gone = before - after - worded
    said += ["Inputs that are almost the same are answered again."] if gone else []
    return " ".join(filter(None, said))


def _value(lifted: str, stated: str, nothing: object = None) -> Callable[[object, object], str]:
    """A sentence on a field that is lifted by None, or by what means nothing in it."""

    def sentence(_: object, after: object) -> str:
        if after is None or after == nothing:
            return lifted
        return stated.format(in_words(after) if isinstance(after, Rate) else after)

    return sentence


def _switch(off: str, on: str) -> Callable[[bool, bool], str]:
    return lambda _, after: on if after else off


def _marks(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> str:
    """Whose answers are marked, and what that costs them; never the key."""
    said = [
        f"For {names(one.principals)} about {100 * one.share:.3g} % of the answers whose two best "
        f"scores lie within {one.within:.3g} name the second class: they are wrong on purpose, "
        "label and scores alike, by a secret key. Answers without the scores of two classes pass "
        "unmarked."
        for one in after
        if one not in before
    ]
    gone = frozenset(name for one in before if one not in after for name in one.principals)
    said += [f"A mark on the answers of {names(gone)} is lifted."] if gone else []
    return " ".join(said) or "Nobody's answers are marked any more."


_ALONE: Mapping[str, Callable[..., str]] = {
    "mode": _mode,
    "route": _route,
    "mirror": _value(
        "No version gets copies of requests.", "Version {} gets a copy of each request.", ""
    ),
    "limit.overall": _value(
        "There is no limit on all principals together.", "All principals together may ask {}."
    ),
    "limit.cost": _value(
        "There is no limit on what each principal may cost.", "Each principal may cost {}."
    ),
    "limit.max_batch": _value(
        "A request may have any number of rows.", "A request may have at most {} rows."
    ),
    "limit.max_tokens": _value(
        "A request may use any number of tokens.", "A request may use at most {} tokens."
    ),
    "shape.scores": _scores,
    "shape.round": _value("Scores are not rounded.", "Scores keep at most {} decimal places."),
    "shape.jitter": _value(
        "Scores carry no noise.",
        "Scores carry noise of up to {}, the same for the same scores; the top class keeps its "
        "place.",
        0.0,
    ),
    "shape.epsilon": _value(
        "Scores carry no privacy noise.",
        "Each score carries Laplace noise of scale 1/{0}: epsilon {0} for each score of an answer, "
        "and so much again for each answer about the same.",
    ),
    "shape.marks": _marks,
    "filter.input": _value("", "Inputs are looked at: {}."),
    "filter.output": _value("", "Outputs are looked at: {}."),
    "filter.rules": _rules,
    "hold.ingestion": _switch("New data is taken in again.", "No new data is taken in."),
    "hold.training": _switch("Training may start again.", "No training may start."),
    "hold.deployment": _switch("Versions may be deployed again.", "No version may be deployed."),
    "log": _log,
    "fallback": _value("There is no fallback answer.", "The fallback answer is {}.", ""),
}
"""The fields whose new value says all."""


def _by_itself(path: str) -> Callable[[Policy, Policy], str]:
    value, sentence = attrgetter(path), _ALONE[path]
    return lambda before, after: sentence(value(before), value(after))


_ORDER = (
    *("mode", "route", "mirror", "deny.principals", "deny.networks"),
    *("limit.per_principal", "limit.overall", "limit.cost", "limit.max_batch", "limit.max_tokens"),
    *("limit.principals", "shape.scores", "shape.round", "shape.jitter", "shape.epsilon"),
    *("shape.marks", "filter.input", "filter.output", "filter.rules", "tools.deny", "tools.ask"),
    *("hold.ingestion", "hold.training", "hold.deployment", "log", "fallback"),
)
_SENTENCES = {path: HELD.get(path) or _by_itself(path) for path in _ORDER}
