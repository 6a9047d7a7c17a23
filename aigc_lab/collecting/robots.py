"""What a site's robots.txt says about fetching an address."""

import re

from aigc_lab.collecting.urls import percent_encoded


def allowed(robots: str, agent: str, target: str) -> bool:
    """Whether a robots.txt lets `agent` (a name such as "museum-bot") fetch `target` (path and query).

    The groups that name the agent count, else those for `*`. Among their rules the one with the longest pattern that
    matches wins, and Allow beats Disallow when both are as long. `*` in a pattern stands for anything, `$` for the end.
    Where no rule matches, the answer is yes.

    Source:
        Koster, Illyes, Zeller, Sassman, "Robots Exclusion Protocol", RFC 9309, 2022, section 2.2.
    """
    target = percent_encoded(target) or "/"
    matching = [(len(pattern), allow) for allow, pattern in rules_for(robots, agent) if matches(pattern, target)]
    return target == "/robots.txt" or max(matching, default=(0, True))[1]


def crawl_delay(robots: str, agent: str) -> float | None:
    """Seconds that the site wants between two requests. Not in RFC 9309, but many sites say it."""
    return _parsed(robots, agent)[1]


def rules_for(robots: str, agent: str) -> list[tuple[bool, str]]:
    """The rules of a robots.txt that count for `agent`, as (allow, pattern), in the order of the file."""
    return _parsed(robots, agent)[0]


def _parsed(robots: str, agent: str) -> tuple[list[tuple[bool, str]], float | None]:
    """The rules for `agent`, as (allow, pattern), and its delay."""
    agent = agent.split("/")[0].strip().lower()
    found: dict[str, list] = {}
    delays: dict[str, float] = {}
    names: list[str] = []
    closed = False
    for line in robots.removeprefix("\ufeff").splitlines():
        key, colon, value = line.split("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            names, closed = ([] if closed else names) + [value.lower()], False
            found.setdefault(value.lower(), [])
        elif key in ("allow", "disallow"):
            closed = True
            for name in names if value else []:
                found[name].append((key == "allow", percent_encoded(value)))
        elif key == "crawl-delay" and re.fullmatch(r"\d+(\.\d+)?", value):
            delays |= dict.fromkeys(names, float(value))
    name = agent if agent in found else "*"
    return found.get(name, []), delays.get(name)


def matches(pattern: str, target: str) -> bool:
    """Whether a pattern of robots.txt matches `target` (path and query) from its start on."""
    # Piece by piece, not by a regular expression: a stranger's file must not be able to make it slow.
    first, *rest = pattern.removesuffix("$").split("*")
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
