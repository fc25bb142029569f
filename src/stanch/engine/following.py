"""Following: outside systems are kept in line with the policy, as guards are.

In    which system follows which asset, and how; the policy in force; what the systems show.
Out   orders for what is not as the policy asks, each kept; what was there before, put back at last.
Why   an act proposes the next policy and pokes nothing. Whoever follows is brought to what the
      policy says: by the act at once, by expiry and undo likewise, and by a chore again and again.
How   (1) What a system shows is read, where it can be: a load balancer that was started anew, and
      an alias that somebody else moved, are brought back in line, and the owner is told.
      (2) What was there is kept before the first order, and put back when nothing is asked any
      more; where it cannot be read, `usual` says it. What somebody else changed since stays.
      (3) Each system stands alone: one that is away, or a name that one cannot take, holds up
      nothing that another is to do. What is away is tried again; the name is told to the owner.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Lock

import msgspec

from stanch.engine.clock import Clock
from stanch.engine.notices import keep
from stanch.engine.policies import Policies
from stanch.engine.ports import Store, Transaction
from stanch.engine.systems import Connected, Follows, Lines, Tie
from stanch.engine.telling import Notice, Urgency
from stanch.engine.ties import Want, Wants, in_words, ordered, silent, usual, wanted
from stanch.vocabulary.ids import AssetId, digest_of
from stanch.vocabulary.policy import Policy
from stanch.vocabulary.spoken import listed, several, spoken
from stanch.vocabulary.trouble import BadInput, Busy, Declined, SeveralAway, Unreachable

_NAME = "followed/"


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """One subject that is not left to its owner now."""

    to: str
    """What it was brought to, or is about to be."""
    was: str | None = None
    """What was there before; None where that could not be read."""
    sure: bool = True
    """Whether it was seen to be so; a process may be killed between the order and its answer."""
    unfit: str = ""
    """Why the system can never take this subject; a person does it by hand."""


State = Mapping[str, str | None]
"""What each subject has now; None where nobody can say."""
_HELD = msgspec.json.Decoder(dict[str, str | Held])


class Following:
    """Keeps systems in line."""

    def __init__(self, store: Store, policies: Policies, lines: Connected, clock: Clock) -> None:
        self._store = store
        self._policies = policies
        self._lines = lines
        self._clock = clock
        self._turns: dict[AssetId, Lock] = {}

    def follow(self, asset: AssetId, *, look: bool = False) -> tuple[str, ...]:
        """Brings what follows this asset in line; a sentence for each change. May be cut short.

        `look`: what is known to be in line is read all the same. An act asks only those it moves.
        """
        lines = self._lines()
        ties = lines.plan.of(asset)
        if not ties:
            return ()
        with self._turns.setdefault(asset, Lock()):
            turn = _Turn(self._store, self._clock, lines, self._policies.now(asset), look=look)
            said = tuple(says for tie in ties for says in turn.bring(tie))
        if turn.away:
            raise all_of(turn.away.values())
        return said

    def would(self, before: Policy, after: Policy) -> tuple[str, ...]:
        """What the systems that follow would be asked that they are not, in sentences."""
        ties = self._lines().plan.of(after.asset)
        asked = ((t, *(wanted(t, p, apart=_apart(t, ties)) for p in (before, after))) for t in ties)
        news = (
            (tie, {s: w for s, w in now.items() if not _same(old.get(s), w)}, now)
            for tie, old, now in asked
        )
        return tuple(in_words(tie, new) + silent(tie, now) for tie, new, now in news if new)

    def turn(self) -> int:
        """How many changes were made; what is away is tried again at the next turn."""
        made, away = 0, list[Unreachable | Busy]()
        for asset in dict.fromkeys(tie.asset for tie in self._lines().plan.ties):
            try:
                made += len(self.follow(asset, look=True))
            except (Unreachable, Busy) as error:
                away.append(error)
        if away:
            raise all_of(away)
        return made


def all_of(away: Iterable[Unreachable | Busy]) -> Unreachable | Busy:
    """One trouble that says every one of these, each once."""
    first, *others = {str(one): one for one in away}.values()
    return SeveralAway(" ".join(map(str, (first, *others)))) if others else first


class _Turn:
    """One look at everything that follows one asset."""

    def __init__(
        self, store: Store, clock: Clock, lines: Lines, policy: Policy, *, look: bool
    ) -> None:
        self._store = store
        self._clock = clock
        self._lines = lines
        self._policy = policy
        self._look = look
        self.away: dict[str, Unreachable | Busy] = {}
        """By its name, each system that did not do everything, and why."""

    def bring(self, tie: Tie) -> tuple[str, ...]:
        """A sentence for each change of this tie; none once its system is away."""
        ties = self._lines.plan.of(tie.asset)
        asked = wanted(tie, self._policy, apart=_apart(tie, ties))
        held = self._held(tie)
        silent = tie.system in self.away and not isinstance(self.away[tie.system], Declined)
        known = not self._look and _in_line(asked, held)
        if silent or known or not (asked or held):
            return ()
        try:
            there = self._there(tie, held, sorted({*asked, *held}))
        except (Unreachable, Busy) as trouble:
            self.away[tie.system] = trouble
            return ()
        except BadInput as trouble:
            self.away.setdefault(tie.system, Declined(tie.system, str(trouble).rstrip(".")))
            return ()
        kept = {s: h for s, w in asked.items() if (h := _kept(held.get(s), w, there[s]))}
        self._keep(tie, kept)
        needed = {s: _begun(held.get(s), w, there[s]) for s, w in asked.items() if s not in kept}
        self._warn(tie, held, needed, there)
        goals = {s: h.to for s, h in needed.items()} | self._back(tie, held, there, asked)
        freed = {s: replace(h, sure=False) for s, h in held.items() if s not in asked}
        idle = freed.keys() - goals
        self._keep(tie, {**needed, **{s: h for s, h in freed.items() if s in goals}}, idle)
        return self._ordered(tie, goals, needed)

    def _ordered(
        self, tie: Tie, goals: Mapping[str, str], needed: Mapping[str, Held]
    ) -> tuple[str, ...]:
        """Orders each goal, and keeps what was done of them whatever comes of the rest."""
        said, done, freed, unfit = list[str](), dict[str, Held](), set[str](), dict[str, str]()
        do = self._lines.doers[tie.system]
        try:
            for subject, goal in sorted(goals.items()):
                try:
                    said.append(do(*_words(tie, subject, goal, self._policy.version)))
                except BadInput as trouble:
                    unfit[subject] = str(trouble)
                except Declined as trouble:
                    self.away.setdefault(tie.system, trouble)
                    continue
                if subject in needed:
                    why = unfit.get(subject, "")
                    done[subject] = replace(needed[subject], sure=True, unfit=why)
                else:
                    freed.add(subject)
        except (Unreachable, Busy) as trouble:
            self.away[tie.system] = trouble
        finally:
            self._keep(tie, done, freed)
        return (*said, *self._by_hand(tie, unfit))

    def _by_hand(self, tie: Tie, unfit: Mapping[str, str]) -> Iterator[str]:
        """A sentence on what the system can never be told, which its owner is told as well."""
        if unfit:
            why = next(iter(unfit.values()))
            says = f"{tie.system} cannot be told of {listed(unfit)}: {why} Do it there by hand."
            self._tell(tie, f"unfit/{sorted(unfit)}", says)
            yield f"By hand: {says}"

    def _there(self, tie: Tie, held: Mapping[str, Held], subjects: list[str]) -> State:
        """What each subject has now; where that cannot be read, what was done last."""
        reads = self._lines.reads.get(tie.system)
        if reads is None:
            return {
                s: h.to if (h := held.get(s)) is not None and h.sure else None for s in subjects
            }
        found = reads(ordered(tie, "1")[0], subjects)
        return {s: found.get(s, "") for s in subjects}

    def _warn(
        self, tie: Tie, held: Mapping[str, Held], needed: Mapping[str, Held], there: State
    ) -> None:
        """Tells the owner what is not as it was left, and is brought back in line."""
        moved = {
            subject: there[subject]
            for subject, now in needed.items()
            if (old := held.get(subject)) and old.sure and not old.unfit and old.to == now.to
        }
        why = "Somebody else changed it, or it was started anew. It is brought back in line."
        self._not_as_left(tie, moved, why)

    def _back(
        self, tie: Tie, held: Mapping[str, Held], there: State, asked: Wants
    ) -> dict[str, str]:
        """What is brought back of what nothing asks for now; what others changed is theirs."""
        usually, goals, theirs = usual(tie, self._policy), dict[str, str](), dict[str, str | None]()
        for subject, old in held.items():
            goal = usually.get(subject, "") if old.was is None else old.was
            if subject in asked or old.unfit or there[subject] == goal:
                continue
            if old.sure and there[subject] != old.to:
                theirs[subject] = there[subject]
            else:
                goals[subject] = goal
        self._not_as_left(tie, theirs, "Somebody else changed it. It stays as it is.")
        return goals

    def _not_as_left(self, tie: Tie, now: State, why: str) -> None:
        """Tells the owner, in one notice for all of it."""
        if not now:
            return
        each = (
            f"{spoken(subject)} at {spoken(value or 'nothing')}" for subject, value in now.items()
        )
        says = f"{tie.system} has {several(each)}, which is not what stanch left there. {why}"
        seen = digest_of(msgspec.json.encode(dict(now), order="sorted"))
        self._tell(tie, f"{why}{seen}{self._policy.version}", says)

    def _tell(self, tie: Tie, about: str, says: str) -> None:
        """Tells the owner, once."""
        key = digest_of(f"{_name(tie)}/{about}".encode())
        one = Notice(key=key, to="owner", says=says, urgency=Urgency.SOON, asset=tie.asset)
        with self._store.begin() as tx:
            keep(tx, one, self._clock())

    def _held(self, tie: Tie) -> Mapping[str, Held]:
        with self._store.look() as tx:
            return _read(tx, tie)

    def _keep(self, tie: Tie, new: Mapping[str, Held], gone: Iterable[str] = ()) -> None:
        """Keeps these, lets go of those; no line is left where nothing is held."""
        if not new and not gone:
            return
        with self._store.begin() as tx:
            before = _read(tx, tie)
            after = {s: h for s, h in {**before, **new}.items() if s not in set(gone)}
            if after != before:
                tx.settings.put(_name(tie), msgspec.json.encode(after, order="sorted").decode())


def _read(tx: Transaction, tie: Tie) -> dict[str, Held]:
    text = tx.settings.get(_name(tie))
    found = _HELD.decode(text) if text else {}
    return {s: h if isinstance(h, Held) else Held(to=h) for s, h in found.items()}


def _name(tie: Tie) -> str:
    return f"{_NAME}{tie.asset}/{tie.key}"


def _apart(tie: Tie, ties: Iterable[Tie]) -> bool:
    """Whether the networks have a tie of their own in the same system."""
    return any(t.how is Follows.DENY_NETWORKS and t.system == tie.system for t in ties)


def _in_line(asked: Wants, held: Mapping[str, Held]) -> bool:
    """Whether what was done last is what is asked."""
    return asked.keys() == held.keys() and all(
        h.unfit or (h.sure and asked[s].fine(h.to)) for s, h in held.items()
    )


def _same(one: Want | None, other: Want) -> bool:
    return one is not None and (one.value, one.exact) == (other.value, other.exact)


def _kept(old: Held | None, want: Want, there: str | None) -> Held | None:
    """What is held of a subject that needs no order; None when it needs one."""
    if old is not None and old.unfit and old.to == want.value:
        return old
    if there is None or not want.fine(there):
        return None
    return Held(to=there, was=there if old is None else old.was)


def _begun(old: Held | None, want: Want, there: str | None) -> Held:
    """What is held of a subject while it is brought to what is wanted."""
    return Held(to=want.value, was=there if old is None else old.was, sure=False)


def _words(tie: Tie, subject: str, value: str, version: int) -> tuple[str, str, str, str]:
    """The order: verb, subject, value, and the key that names it."""
    verb, given = ordered(tie, value)
    key = digest_of(f"{_name(tie)}\0{subject}\0{given}\0{version}".encode())
    return verb, subject, given, key
