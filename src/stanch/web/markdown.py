"""Notes as people write them: a little Markdown, made into HTML that can do nothing.

In    a note's text.
Out   paragraphs, lists, code, emphasis, mentions and links to our own ids.
Why   notes quote what attackers wrote. So no HTML passes, no picture is fetched, and an address is
      shown as text: nobody is one careless click away from a phishing page.
"""

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

from stanch.engine.mentioning import NAME
from stanch.web.inert import inert

_BLOCK = re.compile(r"\n[ \t]*\n")
_ITEM = re.compile(r"[ \t]*[-*][ \t]+")
_FENCE = "```"
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,500})`"
    r"|\*\*(?P<bold>[^*\n]{1,500})\*\*"
    r"|(?<![\w*])\*(?P<slant>[^*\n]{1,500})\*(?![\w*])"
    rf"|{NAME}"
    r"|(?<![\w-])(?P<id>(?:inc|fnd|evd|apr)-[0-9a-z]{10,20})(?![\w-])"
)
_PLACES = {"inc": "incidents", "fnd": "findings", "evd": "evidence", "apr": "approvals"}


def html(text: str) -> Markup:
    """The note as HTML."""
    return Markup("").join(_blocks(inert(text.replace("\r\n", "\n")).strip()))


def plain(text: str) -> str:
    """The note as one line of words, without its marks: for where a line is all the room."""
    lines = (_INLINE.sub(_unmarked, _bare(line)) for line in text.replace(_FENCE, "").splitlines())
    return " ".join(" ".join(lines).split())


def ticked(text: str) -> Markup:
    """A sentence of ours, with what stands between backticks as code."""
    code = Markup("<code>{}</code>")
    parts = enumerate(inert(text).split("`"))
    return Markup("").join(code.format(part) if place % 2 else part for place, part in parts)


def _bare(line: str) -> str:
    item = _ITEM.match(line)
    return line[item.end() :] if item else line


def _unmarked(found: re.Match[str]) -> str:
    return found[found.lastgroup] if found.lastgroup in {"code", "bold", "slant"} else found[0]


def _blocks(text: str) -> Iterator[Markup]:
    parts = text.split(_FENCE)
    for place, part in enumerate(parts):
        if place % 2:
            yield Markup("<pre>{}</pre>").format(part.strip("\n"))
            continue
        for block in _BLOCK.split(part):
            if block.strip():
                yield _block(block.strip("\n"))


def _block(block: str) -> Markup:
    lines = block.split("\n")
    if all(_ITEM.match(line) for line in lines):
        items = (Markup("<li>{}</li>").format(_inline(_ITEM.sub("", li, count=1))) for li in lines)
        return Markup("<ul>{}</ul>").format(Markup("").join(items))
    return Markup("<p>{}</p>").format(Markup("<br>").join(_inline(line) for line in lines))


def _inline(text: str) -> Markup:
    made, at = Markup(""), 0
    for found in _INLINE.finditer(text):
        made += escape(text[at : found.start()]) + _marked(found)
        at = found.end()
    return made + escape(text[at:])


def _marked(found: re.Match[str]) -> Markup:
    match found.lastgroup:
        case "code":
            return Markup("<code>{}</code>").format(found["code"])
        case "bold":
            return Markup("<strong>{}</strong>").format(found["bold"])
        case "slant":
            return Markup("<em>{}</em>").format(found["slant"])
        case "who":
            return Markup('<span class="mention">@{}</span>').format(found["who"])
        case _:
            place = _PLACES[found["id"][:3]]
            return Markup('<a href="/{}/{}">{}</a>').format(place, found["id"], found["id"])
