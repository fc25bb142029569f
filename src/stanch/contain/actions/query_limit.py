"""Limit queries: so many rows and tokens a request, so much cost a principal.

In    limits. Out   a partial policy, or what the engine must call, and the probe.
Why   large batches and costly prompts are how budgets and models are drained.
"""

from dataclasses import dataclass

from stanch.contain.action import Action, Known
from stanch.contain.rate import rate
from stanch.vocabulary.approval import Risk
from stanch.vocabulary.ids import ActionId, AssetId
from stanch.vocabulary.policy import Limits, Policy
from stanch.vocabulary.probe import Probe
from stanch.vocabulary.trouble import BadInput


@dataclass(frozen=True, kw_only=True, slots=True)
class QueryLimit:
    """What is asked for."""

    max_batch: int | None = None
    max_tokens: int | None = None
    cost: str = ""
    """Like 100/hour, in the asset's unit."""


def wanted(asset: AssetId, args: QueryLimit, _: Known) -> Policy:
    """The policy that this asks for."""
    if args.max_batch is None and args.max_tokens is None and not args.cost:
        raise BadInput("query_limit needs max_batch, max_tokens or cost, like max_batch=100.")
    return Policy(
        asset=asset,
        limit=Limits(
            max_batch=args.max_batch,
            max_tokens=args.max_tokens,
            cost=rate(args.cost) if args.cost else None,
        ),
    )


def probe(asset: AssetId, args: QueryLimit) -> Probe:
    """The request that shows it."""
    return Probe(
        asset=asset,
        rows=1 if args.max_batch is None else args.max_batch + 1,
        expect=("serve", "wait") if args.max_batch is None else ("refuse",),
    )


ACTION = Action(
    id=ActionId("query_limit"),
    title="Limit queries",
    says=(
        "Limit queries: a request may have only so many rows and tokens, and a principal "
        "may cost only so much."
    ),
    args=QueryLimit,
    rank=40,
    risk=Risk.AUTOMATIC,
    wanted=wanted,
    probe=probe,
    example=QueryLimit(max_batch=100, cost="1000/hour"),
)
