"""The site as a crawl found it: one ring for each link from the start, one dot for each address."""

import math
from collections import Counter
from urllib.parse import urlsplit

from aigc_lab import plots
from aigc_lab.collecting.crawler import Crawl

# outcome of a step: what the legend says, colour, marker
LOOKS = {
    "new": ("a new text", plots.COLOURS[0], "o"),
    "unchanged": ("unchanged since the last crawl", plots.COLOURS[0], "^"),
    "repeat": ("a text it had already", plots.COLOURS[5], "s"),
    "moved": ("moved elsewhere", plots.COLOURS[3], "D"),
    "robots": ("left alone: robots.txt", plots.COLOURS[1], "x"),
    "outside": ("left alone: another host", plots.COLOURS[6], "+"),
    "budget": ("left alone: over budget", plots.COLOURS[4], "v"),
    "error": ("error", plots.COLOURS[2], "X"),
    "waiting": ("waiting in the frontier", "#999999", "o"),
}


def draw(crawl: Crawl, until: int | None = None) -> None:
    """Draw the first `until` steps of a crawl (all by default); addresses found but not yet visited are hollow."""
    until = len(crawl.steps) if until is None else min(until, len(crawl.steps))
    places = _places(crawl)
    done = {step.url for step in crawl.steps[:until]}
    shown = [step for step in crawl.steps if step.url in done or step.parent in done]
    groups: dict[str, list] = {}
    for step in shown:
        groups.setdefault(step.outcome if step.url in done else "waiting", []).append(places[step.url])
    texts, waiting = len(groups.get("new", [])), len(groups.get("waiting", []))
    fetched = sum(step.requests for step in crawl.steps[:until])
    title = f"After {until} addresses: {fetched} requests, {texts} texts, {waiting} waiting in the frontier"
    alt = "A tree drawn in rings around the home page, one ring for each link away from it. " + "; ".join(
        f"{LOOKS[outcome][0]}: {len(points)}" for outcome, points in groups.items()
    )
    with plots.figure(title=title, alt=alt, size=(8.4, 5.2)) as ax:
        for step in shown:
            if step.parent:
                (x0, y0), (x1, y1) = places[step.parent], places[step.url]
                ax.plot([x0, x1], [y0, y1], color="#CCCCCC", lw=0.6, zorder=1)
        for outcome, (label, colour, marker) in LOOKS.items():
            if points := groups.get(outcome):
                face = "none" if outcome == "waiting" else colour
                edge = {} if marker in "x+" else {"facecolors": face, "edgecolors": colour}
                x, y = zip(*points, strict=True)
                style = edge or {"color": colour}
                ax.scatter(x, y, s=34, marker=marker, lw=1.2, zorder=2, label=f"{label} ({len(points)})", **style)
        children = Counter(step.parent for step in shown)
        for step in shown:
            if step.depth == 1 and children[step.url] >= 3:
                path, (x, y) = urlsplit(step.url).path, places[step.url]
                ax.annotate(path, (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8, zorder=3)
        reach = 1.05 * max(math.hypot(*place) for place in places.values())
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
        ax.axis("off")
        ax.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _places(crawl: Crawl) -> dict[str, tuple[float, float]]:
    """A place for each address: its ring by depth, its angle so that branches don't cross."""
    children: dict[str | None, list[str]] = {}
    depth = {}
    for step in crawl.steps:
        children.setdefault(step.parent, []).append(step.url)
        depth[step.url] = depth[step.parent] + 1 if step.parent else 0
    leaves = sum(step.url not in children for step in crawl.steps)
    angle: dict[str, float] = {}

    def settle(url: str, next_leaf: int) -> int:
        if url not in children:
            angle[url] = 2 * math.pi * next_leaf / leaves
            return next_leaf + 1
        for child in children[url]:
            next_leaf = settle(child, next_leaf)
        angle[url] = (angle[children[url][0]] + angle[children[url][-1]]) / 2
        return next_leaf

    settle(crawl.steps[0].url, 0)
    radius = {url: 0 if ring == 0 else 0.6 + ring**0.75 for url, ring in depth.items()}
    return {url: (radius[url] * math.cos(angle[url]), radius[url] * math.sin(angle[url])) for url in angle}
