"""Order words: what people are shown of an order before they say yes to it.

In    an order, its action, the preview of what it would change.
Out   lines: the act, its effect, whom it hits, what to weigh where there is something, why, the
      way back, what happens if they say no.
"""

from typing import Any

from stanch.contain.action import Action, Preview, Undo
from stanch.engine.runs.deeds import Order

_WAYS_BACK = {
    Undo.NEVER: "It cannot be undone.",
    Undo.NOTHING: "Who was told stays told; nothing else changes.",
}


def in_words(order: Order, action: Action[Any], found: Preview, reach: tuple[str, ...] = ()) -> str:
    """What people are shown, line by line: the act, its effect, whom it hits, why, what if no."""
    lasts = f" for {_period(order.lasts)}" if order.lasts else ""
    effect = [*found.effect, *reach]
    lines = (
        f"{action.title} on {order.asset}{lasts}?",
        f"What changes: {' '.join(effect) or 'Nothing.'}",
        f"Who is hit: {found.blast.says}",
        *([f"What to weigh: {' '.join(found.warns)}"] if found.warns else []),
        f"Why: {order.why}",
        f"Way back: {_WAYS_BACK.get(action.undo, 'It can be undone at any time.')}",
        "If no: Nothing is changed, and what was seen goes on.",
    )
    return "\n".join(lines)


def _period(seconds: int) -> str:
    """A period in the largest unit that leaves nothing over: `24 h`."""
    sizes = ((3600, "h"), (60, "min"), (1, "s"))
    size, unit = next(one for one in sizes if seconds % one[0] == 0)
    return f"{seconds // size} {unit}"
