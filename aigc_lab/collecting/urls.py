"""Addresses on the web: one name for each page."""

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

DROPPED = frozenset({"sid", "ref", "gclid", "fbclid"})  # parameters that name the visit, not the page; and all utm_*
DEFAULT_PORT = {"http": 80, "https": 443}


def normalise_url(url: str, base: str = "") -> str | None:
    """One spelling for all the ways to write the same address, so that a page is fetched once.

    Resolves `url` against `base`, the page it was found on; lower case for scheme and host; no default port; no `.` and
    `..`; percent-encoding where it is needed and only there (`%7e` is `~`, `%c3` is `%C3`, `é` is `%C3%A9`); an empty
    path is `/`; no fragment. All this is safe. Two further steps are guesses about the site: parameters are put in
    alphabetical order, and those that name the visit (`sid`, `ref`, `gclid`, `fbclid`, `utm_*`) are dropped.

    Returns:
        The address, or None for what a crawler can't fetch (`mailto:`, `javascript:`, ...).

    Source:
        Berners-Lee, Fielding, Masinter, "Uniform Resource Identifier: Generic Syntax", RFC 3986, 2005, sections 5 and 6.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        port = parts.port
    except ValueError:  # a broken port or a broken IPv6 address
        return None
    if parts.scheme not in DEFAULT_PORT or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port not in (None, DEFAULT_PORT[parts.scheme]):
        host += f":{port}"
    pairs = sorted(pair for pair in percent_encoded(parts.query).split("&") if pair and not names_the_visit(pair))
    return urlunsplit((parts.scheme, host, tidy_path(parts.path), "&".join(pairs), ""))


def names_the_visit(pair: str) -> bool:
    """Whether a parameter ("sid=12") names the visit or where the reader came from, and not the page."""
    name = unquote(pair.split("=")[0]).lower()
    return name in DROPPED or name.startswith("utm_")


def percent_encoded(text: str) -> str:
    """Percent-encoding in one spelling: unreserved characters plain, all else in capital hex."""

    def one(match: re.Match) -> str:
        character = chr(int(match[1], 16))
        return character if re.fullmatch(r"[A-Za-z0-9._~-]", character) else f"%{match[1].upper()}"

    text = re.sub("%(?![0-9a-fA-F]{2})", "%25", text)
    return quote(re.sub("%([0-9a-fA-F]{2})", one, text), safe="%/:?#[]@!$&'()*+,;=~")


def tidy_path(path: str) -> str:
    """A path in one spelling: percent-encoded where it must be, without `.` and `..`, "/" if empty."""
    path = percent_encoded(path)
    kept: list[str] = []
    for step in path.split("/")[1:]:
        if step == "..":
            kept = kept[:-1]
        elif step != ".":
            kept.append(step)
    return "/" + "/".join(kept) + ("/" if path.endswith(("/.", "/..")) and kept else "")
