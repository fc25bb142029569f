"""Membership inference: was this person's row in the training data?

In    a door; rows of people, some of whom were.
Out   a score for each row: the higher, the likelier.
Why   a model is surer of what it learnt, and stays sure a little way around it. Asking each row,
      and a few neighbours of it, gives the confidence and how far it holds. The careful way asks
      each row once, among ordinary questions and by several accounts, and gets the rest at home:
      shadow models that learnt a row and others that did not tell how sure to be of it (the
      likelihood ratio of Carlini et al., "Membership Inference Attacks From First Principles").
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stanch.sandbox.attackers.crowd import Crowd
from stanch.sandbox.pace import Pace
from stanch.sandbox.victims.net import trained
from stanch.sandbox.victims.table import Floats, Table, joined
from stanch.sandbox.wire import Answer, Door


def suspect_members(
    door: Door, people: Table, neighbours: int, dice: np.random.Generator, pace: Pace
) -> Floats:
    """How likely each was learnt from; 0 for those about whom nothing was answered."""
    found = np.zeros(len(people))
    for n, row in enumerate(people.x):
        truth = people.classes[int(people.y[n])]
        sure: list[float] = []
        for turn in range(neighbours + 1):
            if not pace.next():
                return found
            noise = dice.normal(0.0, 0.15, len(row)) * people.spread if turn else 0.0
            sure.append(_belief(door, row + noise, truth, people.classes))
        found[n] = sure[0] + 0.5 * float(np.mean(sure[1:] or [0.0]))
    return found


def _belief(door: Door, row: Floats, truth: str, classes: Sequence[str]) -> float:
    """What the victim gives the row's true class."""
    answer = door.ask(row.round(4))
    return _belief_of(answer, truth, classes) if answer.given else 0.0


def _belief_of(answer: Answer, truth: str, classes: Sequence[str]) -> float:
    if answer.scores is None or len(answer.scores) != len(classes):
        return 1.0 if answer.says == truth else 0.0
    return float(answer.scores[list(classes).index(truth)])


_SHADOWS = 16
_ROUNDS = 300
_SURE = 1e-6
"""Confidences are kept so far from 0 and 1."""


def suspect_by_shadows(crowd: Crowd, people: Table, own: Table, seed: int) -> Floats:
    """How likely each was learnt from, by one question each and models of one's own."""
    said = np.full(len(people), np.nan)
    for n in crowd.dice.permutation(len(people)):
        truth = people.classes[int(people.y[n])]
        answer = crowd.ask(people.x[n], people.groups[n] if people.groups else "")
        if answer is None:
            break
        if answer.given:
            said[n] = _belief_of(answer, truth, people.classes)
    if np.isnan(said).all():
        return np.zeros(len(people))
    ratio = _ratio(_log_odds(said), people, own, seed)
    return np.where(np.isnan(said), np.nanmin(ratio), ratio)


def _ratio(said: Floats, people: Table, own: Table, seed: int) -> Floats:
    """How much better what was said fits models that learnt the row than those that did not."""
    pool, dice = joined(people, own), np.random.default_rng([seed, 9])
    at = np.arange(len(people))
    learnt = dice.random((_SHADOWS, len(pool))) < 0.5  # noqa: PLR2004  a fair coin
    believed = np.empty((_SHADOWS, len(people)))
    for k in range(_SHADOWS):
        rows = pool.take(np.flatnonzero(learnt[k]))
        shadow = trained(rows, seed + k, hidden=(256,), rounds=_ROUNDS)
        believed[k] = _log_odds(shadow.scores(people.x)[at, people.y])
    with_row, without = (_fitted(said, believed, mask) for mask in (learnt, ~learnt))
    found: Floats = with_row - without
    return found


def _fitted(said: Floats, believed: Floats, of: NDArray[np.bool_]) -> Floats:
    """The log-likelihood of what was said under these models: each row's mean, one spread."""
    of = of[:, : believed.shape[1]]
    count = np.maximum(of.sum(axis=0), 1)
    mean = np.where(of, believed, 0.0).sum(axis=0) / count
    spread = max(float(np.sqrt(np.where(of, (believed - mean) ** 2, 0.0).sum() / of.sum())), _SURE)
    found: Floats = -((said - mean) ** 2) / (2 * spread**2) - np.log(spread)
    return found


def _log_odds(share: Floats) -> Floats:
    kept = np.clip(share, _SURE, 1 - _SURE)
    found: Floats = np.log(kept / (1 - kept))
    return found


def advantage(scores: Floats, member: Floats) -> Mapping[str, float]:
    """The area under the curve, and members found at one false name in twenty."""
    inside, outside = scores[member > 0], scores[member == 0]
    wins = (inside[:, None] > outside[None, :]).mean()
    ties = (inside[:, None] == outside[None, :]).mean()
    bar = np.quantile(outside, 0.95)
    return {
        "auc": round(float(wins + ties / 2), 3),
        "found at 5% false": round(float((inside > bar).mean()), 3),
    }
