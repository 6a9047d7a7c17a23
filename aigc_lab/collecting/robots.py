"""What a site's robots.txt says about fetching an address."""

import re

from aigc_lab.collecting.urls import percent_encoded


def allowed(robots: str, agent: str, target: str) -> bool:
    """Whether a robots.txt lets `agent` fetch `target` (path and query).

    The groups that name the agent count, or those for `*` if there are none. Among their rules that match, the one with
    the longest pattern wins; of two equally long ones, Allow beats Disallow. In a pattern, `*` stands for anything, `$`
    for the end. Where no rule matches, the answer is yes.

    Args:
        robots: text of the robots.txt.
        agent: name of the crawler. Only its product token counts (letters, `_` and `-`): "my-bot/2.0
            (anna@example.org)" is "my-bot". Case doesn't matter.

    Source:
        Koster, Illyes, Zeller, Sassman, "Robots Exclusion Protocol", RFC 9309, 2022, section 2.2.
    """
    target = target or "/"
    matching = [(len(pattern), allow) for allow, pattern in rules_for(robots, agent) if matches(pattern, target)]
    return target == "/robots.txt" or max(matching, default=(0, True))[1]


def crawl_delay(robots: str, agent: str) -> float | None:
    """Seconds that the site wants between two requests, or None. Not part of RFC 9309, but many sites state it."""
    return _parsed(robots, agent)[1]


def rules_for(robots: str, agent: str) -> list[tuple[bool, str]]:
    """The rules of a robots.txt that apply to `agent`, as (allow, pattern), in the order of the file."""
    return _parsed(robots, agent)[0]


def product_token(name: str) -> str:
    """The part of a crawler's name by which robots.txt knows it (RFC 9309, 2.2.1), in lower case."""
    token = re.match("[a-z_-]+", name.strip().lower())
    return token[0] if token else name.strip().lower()


def _parsed(robots: str, agent: str) -> tuple[list[tuple[bool, str]], float | None]:
    """The rules for `agent`, as (allow, pattern), and its delay."""
    found: dict[str, list] = {}
    delays: dict[str, float] = {}
    names: list[str] = []
    closed = False
    for line in re.split("[\r\n]+", robots.removeprefix("\ufeff")):
        key, colon, value = line.split("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            names, closed = ([] if closed else names) + [product_token(value)], False
            found.setdefault(names[-1], [])
        elif key in ("allow", "disallow"):
            closed = True
            for name in names if value else []:
                found[name].append((key == "allow", percent_encoded(value)))
        elif key == "crawl-delay" and re.fullmatch(r"\d+(\.\d+)?", value):
            delays |= dict.fromkeys(names, float(value))
    name = product_token(agent)
    name = name if name in found else "*"
    return found.get(name, []), delays.get(name)


def matches(pattern: str, target: str) -> bool:
    """Whether a pattern of robots.txt matches `target` (path and query) from the start.

    Both are brought to the same percent-encoding first. In a pattern, %2A and %24 stand for a `*` or `$` of the
    address.
    """
    target = percent_encoded(target).replace("*", "%2A").replace("$", "%24")
    # Piece by piece, not by a regular expression: a stranger's file must not be able to make it slow.
    first, *rest = percent_encoded(pattern.removesuffix("$")).replace("$", "%24").split("*")
    if not target.startswith(first):
        return False
    at = len(first)
    last = rest.pop() if pattern.endswith("$") and rest else None
    for piece in rest:
        at = target.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    if last is not None:
        return target.endswith(last) and len(target) - len(last) >= at
    return at == len(target) or not pattern.endswith("$")
