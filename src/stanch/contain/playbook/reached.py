"""Where the links of a playbook lead."""

from stanch.vocabulary.playbook import END, Playbook, follows


def reached(book: Playbook, first: str) -> set[str]:
    """Every step that can be come to from this one, itself among them."""
    seen: set[str] = set()
    stack = [first]
    while stack:
        here = stack.pop()
        if here != END and here not in seen and here in book.steps:
            seen.add(here)
            stack += follows(book.steps[here])
    return seen
