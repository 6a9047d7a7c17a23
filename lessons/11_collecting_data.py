# %% [markdown]
# # 11 · Collecting data
# <!-- badge -->
#
# You collect one data set from three sources: a public file, a web site and a company's database. For each record you can show where it came
# from, who made it, and under which licence you use it.
#
# | time | needs | you will be able to |
# |---|---|---|
# | <!-- time --> | Python (functions, dictionaries, f-strings); what a web page and a link are. Helpful: SQL up to `SELECT ... JOIN ... WHERE`; the lesson explains what it uses | crawl a site without harming it, and prove it from the server's log<br>tell when two addresses, or two texts, are the same<br>query a database with values that strangers typed<br>write a manifest and a datasheet<br>estimate what a crawl of any size costs |

# %% tags=["bootstrap"]
# The build fills this in: it installs aigc_lab where it is missing.

# %% tags=["parameters"]
naive_requests = 300  # pages that the first crawler may fetch
# the name under which you crawl: letters, "-" and "_"; put your own here
agent = "aigc-lab-student"
contact = "you@example.org"  # and a way to reach you
seed = 0

# %%
import copy
import json
import re
import sqlite3
import tempfile
import warnings
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit  # the last one is for you

import httpx
import numpy as np
from bs4 import BeautifulSoup
from IPython.display import Markdown, display

from aigc_lab import check, datasets, plots, verify, widgets
from aigc_lab.collecting import (
    charsets,
    crawler,
    fetching,
    pictures,
    provenance,
    robots,
    urls,
)
from aigc_lab.collecting.practice_pages import ROBOTS, exhibits
from aigc_lab.collecting.practice_shop import open_shop
from aigc_lab.collecting.practice_site import PracticeSite

# these five are for your exercises
from aigc_lab.collecting.robots import matches, rules_for
from aigc_lab.collecting.urls import names_the_visit, percent_encoded, tidy_path

# %% [markdown]
# ## The crawler of many tutorials
#
# A museum of the sea wants a model that writes captions in the style of its catalogue. You need texts: from its web site, from the database
# of its shop, and from a public book. The museum is invented, and its site runs on your own machine, so here you can break things
# that you must not break elsewhere.
#
# You find the crawler below in many tutorials. It fetches a page, puts the links that it has not seen into a queue, and goes on. The client has a fence:
# what it asks of other hosts is answered locally and noted, and nothing leaves your machine.

# %%
site = PracticeSite().start()


def naive_crawl(client, start, stop_after):
    queue, seen, pages = [start], {start}, []
    while queue and len(pages) < stop_after:
        url = queue.pop(0)
        try:
            response = client.get(url, follow_redirects=True)
        except httpx.HTTPError:
            continue
        pages.append((url, response.text))
        page = BeautifulSoup(response.text, "html.parser")
        for link in page.find_all("a", href=True):
            target = urljoin(url, link["href"])
            if target not in seen:
                seen.add(target)
                queue.append(target)
    return pages, queue


# %% [markdown]
# **Predict first.** The site has 36 exhibits and some 30 other pages. You let the crawler fetch 300 pages. How many *different* texts will it
# have? How many addresses will still wait in its queue? Will it leave the museum's site, or go where it must not? Write your guesses down.

# %% tags=["predict"]
pages, queue = naive_crawl(site.client(), site.home, naive_requests)
texts = Counter(crawler.extract(html).text for _, html in pages)
paths = [request.path for request in site.log]
forbidden = [path for path in paths if not robots.allowed(ROBOTS, agent, path)]
hosts = [urlsplit(url).netloc for url in site.outside]
megabytes = sum(request.sent for request in site.log) / 1e6
print(
    f"{len(pages)} pages fetched, {len(texts)} different texts, "
    f"{len(queue)} addresses still waiting"
)
print(f"{len(hosts)} visits to other hosts: {', '.join(hosts)}")
print(f"{len(forbidden)} pages that robots.txt forbids, for example {forbidden[0]}")
busiest = site.busiest_second()
print(f"at most {busiest} requests in one second; {megabytes:.1f} MB loaded")

# %% [markdown]
# You should have seen this: about three of four pages were texts that the crawler had already. The queue is longer than the site. The crawler went to other hosts, and through
# doors marked "staff only". It was as fast as the server allowed, and on a small server that means that nobody else was served. Where did the
# requests go?

# %%
went = {"a text it had already": len(pages) - len(texts)}
went["an empty calendar month"] = sum(text.startswith("No events") for text in texts)
went["a new text"] = len(texts) - went["an empty calendar month"]
went["forbidden (some of the above)"] = len(forbidden)
plots.bars(went, y_label="requests", title="Most of the work was for nothing")
share = len(texts) / len(pages)
verify.promise("fewer than 3 in 10 pages bring a new text", got=share, below=0.3)
claim = "more addresses still wait than were fetched"
verify.promise(claim, got=len(queue), above=len(pages))

# %% [markdown]
# Six things went wrong, and each has its cure:
#
# | what happened | why | cure |
# |---|---|---|
# | the same page again and again | every link carries a new `?sid=`; `/a` and `/a#b` count as two | one spelling for each page |
# | staff rooms entered | `robots.txt` was not read | ask for the rules first |
# | the server busy with you alone; pages lost that would have come a moment later | no pause, no patience | a pace, and waits that grow |
# | other hosts visited | every link is followed, and every redirect | check the host of each address, redirects too |
# | a calendar without end | each month links to the next | a budget |
# | garbled letters (you will see them) | the declared charset is wrong | check the bytes |
#
# You now build the cures one by one. Then your own functions do the crawl.

# %% [markdown]
# ## One name for each page
#
# These seven links stand on the museum's pages. How many pages do they lead to?

# %%
base = "http://museum.example/exhibits?page=2"
links = [
    "/exhibits/bell",
    "exhibits/bell?sid=41",
    "HTTP://Museum.Example/exhibits/./bell#story",
    "/exhibits/bell?utm_source=letter",
    "http://museum.example:80/exhibits/bell",
    "/exhibits?sort=name&page=2",
    "?page=2&sort=name",
]
joined = {urljoin(base, link) for link in links}
print(len(joined), "addresses if you only join a link to its page")
normalised = {urls.normalise_url(link, base) for link in links}
print(len(normalised), "if each page has one spelling")

# %% [markdown]
# Two pages. Scheme and host have no case, the fragment after `#` never reaches the server, and port 80 is the default of http: these rules are
# safe (RFC 3986, section 6). Two others are guesses about the site: that `sid` and `utm_source` name the *visit* and not the page, and that the
# order of the parameters doesn't matter. Both nearly always hold, and further down a hash of the text checks them. Dropping all parameters would be
# wrong: `?page=2` is another page than `?page=3`.
#
# Write `normalise_url`. Three helpers are ready: `tidy_path(path)` resolves `.` and `..` and the percent signs, `percent_encoded(query)` writes a query's
# letters in one way, and `names_the_visit("sid=41")` is True.


# %% tags=["exercise"]
def normalise_url(url, base=""):
    """One spelling of an address found on page `base`; None for what is not http or
    https, or has no host."""
    parts = urlsplit(urljoin(base, url.strip()))
    # None unless parts.scheme is http or https, and parts.hostname is there
    ...
    # host: parts.hostname (in lower case already); the port only if not 80 (http),
    # 443 (https)
    ...
    # parameters: percent_encoded(parts.query).split("&"), sorted, without "" and
    # what names the visit
    ...
    # urlunsplit((scheme, host, path, query, "")) puts an address together
    ...


# %% tags=["check"]
normalise_url = check("collecting.normalise_url", normalise_url)

# %% [markdown]
# ## What the site allows
#
# A site says in `/robots.txt` what crawlers should leave alone. This is the museum's:

# %%
# NBVAL_CHECK_OUTPUT
print(ROBOTS)

# %% [markdown]
# RFC 9309 (2022) made a custom of 1994 a standard:
#
# - A crawler has a *product token*, a name of letters, `-` and `_`. The groups that name it count, or else those for `*`. The token is yours to choose;
#   version and contact belong in the header `User-Agent`, as in `my-bot/1.0 (+mailto:you@example.org)`.
# - Of all patterns that match a path from its start, the *longest* decides; between two of the same length, Allow wins. So the press kit is open although
#   `/private/` is not. `*` stands for anything, `$` for the end. What no rule names is allowed.
# - If the file is missing (404), everything is allowed. If the server fails (5xx) or the connection breaks, you must assume that nothing is. If the file
#   has moved, you follow at least five redirects. After a day you ask for it again.
#
# `Crawl-delay` is not part of the standard; you honour it all the same.
#
# Older parsers take the *first* rule that matches, as Python's own `urllib.robotparser` long did. Here that would
# cost you the press kit; on a site that allows first and forbids later, it would lead you where you must not go.


# %% tags=["exercise"]
def allowed(robots, agent, target):
    """Whether this robots.txt lets the agent fetch target, a path with its query."""
    # pairs (True for Allow, pattern), in the order of the file
    rules = rules_for(robots, agent)
    # matches(pattern, target) says whether a pattern matches
    ...
    # the longest pattern decides, Allow wins a tie, no rule means yes,
    # /robots.txt is always allowed
    ...


# %% tags=["check"]
allowed = check("collecting.allowed", allowed)

# %%
# NBVAL_CHECK_OUTPUT
for path in [
    "/exhibits",
    "/private/ledger",
    "/private/press/kit",
    "/exhibits/bell?print=1",
]:
    print(f"{'yes' if allowed(ROBOTS, agent, path) else 'no':4} {path}")

# %% [markdown]
# A robots.txt is a request and not a lock; the standard itself says that it is no form of access control. Nor does it keep a path secret: it
# publishes it. Some sites put a hidden link to a forbidden page, a *honeypot*, on each page: a visitor who fetches it has ignored the rules. The
# naive crawler fell for `/private/ledger` on its first page.

# %% [markdown]
# ## A pace, and patience
#
# Between two requests you wait as long as the site asks: here 0.04 s, on a real site a second or more. Some answers mean "not now": 429 (too
# many requests), 500, 502, 503, 504. You try again, after a wait that doubles each time up to a ceiling. A 404 you don't repeat. If the answer
# brings a header `Retry-After`, you wait at least that long. The header holds a number of seconds, or a date:

# %%
half_past_nine = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
for header in ["120", "Tue, 24 Nov 2026 09:32:00 GMT", "86400", "soon"]:
    print(f"{header:30} {fetching.retry_after(header, half_past_nine)}")

# %% [markdown]
# The third asks for a whole day, and a header may ask for more. So the crawler has a budget of patience: a page that asks for more than is left is given up and
# recorded, and the crawl goes on.


# %% tags=["exercise"]
def backoff(attempt, retry_after=None, first=0.05, ceiling=1.0):
    """Seconds to wait after failure number `attempt` (0, 1, ...): first, 2 first,
    4 first, ..., at most `ceiling`, but never less than the server asked for
    (retry_after, or None)."""
    ...  # your code


# %% tags=["check"]
backoff = check("collecting.backoff", backoff)

# %% [markdown]
# For one crawler this is enough, and for a thousand it isn't: if a server fails, they all fail at the same moment, and come back at the same moment. Draw the
# wait at random between 0 and `backoff(attempt)` ("full jitter"), and they spread out.

# %%
rng = np.random.default_rng(seed)
waits = np.array([backoff(k, first=0.5, ceiling=8.0) for k in range(4)])
together = np.tile(waits.cumsum(), 1000)
spread = (rng.uniform(size=(1000, 4)) * waits).cumsum(axis=1).reshape(-1)
edges = np.arange(0, 13.01, 0.1)
same, jitter = (np.histogram(at, edges)[0] for at in (together, spread))
plots.curves(
    edges[:-1],
    {"same wait for all": same, "full jitter": jitter},
    x_label="seconds after the failure",
    y_label="requests in 0.1 s",
    title="Without jitter, a thousand crawlers knock at the same moment",
)
claim = "jitter takes the peak from 1,000 below 400"
peak = int(jitter.max())
verify.promise(claim, peak < 400 < same.max(), got=peak)

# %% [markdown]
# Only your *own* part may shrink. If the server asked for 2 s and you draw between 0 and 2, you come too early:

# %%
asked = 2.0
draws = rng.uniform(size=1000)
wrong = draws * backoff(0, asked)
right = np.maximum(draws * backoff(0), asked)
for name, drawn in {"jitter on all of it": wrong, "on your own part": right}.items():
    early = (drawn < asked).mean()
    print(f"{name:20} {early:4.0%} come before the {asked:.0f} s are over")

# %% [markdown]
# ## From bytes to text
#
# A page arrives as bytes. Its charset is declared in the HTTP header, or in a meta tag, or nowhere, and declarations can be wrong. Look at three pages of the museum:

# %%
client = site.client(f"{agent}/1.0 (+mailto:{contact})")
for path in ["/notes/letter", "/notes/tide-table", "/notes/poem"]:
    response = client.get(site.home + path.lstrip("/"))
    kind = response.headers["content-type"]
    text, charset = charsets.decode(response.content, kind)
    declared = response.charset_encoding or "nothing"
    print(f"{path}: declared {declared}, really {charset}")
    for how, html in {"as declared": response.text, "checked    ": text}.items():
        print("  ", how, crawler.extract(html).text)

# %% [markdown]
# The first declares UTF-8 and is Windows-1252 (Python calls it cp1252). The second declares Latin-1 and is UTF-8. The third declares nothing in its header, and only its meta tag
# knows that it is Chinese GB 18030. `decode` relies on UTF-8 because it can be *checked*: text in another 8-bit charset is hardly ever valid UTF-8 by accident. So it tries
# UTF-8 first, then the header, then the meta tag, and in the end Windows-1252. Japanese in ISO-2022-JP has only seven bits and would pass for UTF-8; its escape sequences are looked for before.
#
# A label also means what *browsers* read under it: the web's `latin1` is Windows-1252, and its `gb2312` is GB 18030, which contains GB 2312 and tens of thousands of characters more
# (WHATWG, Encoding Standard). Python takes the label at its word, and stumbles over the name of a Chinese prime minister:

# %%
name = "朱镕基".encode("gbk")
print("as the label says:", name.decode("gb2312", "replace"))
print("as the web means it:", *charsets.decode(name, "text/html; charset=gb2312"))

# %% [markdown]
# Can a later step repair what was decoded wrongly? Sometimes:

# %%
# NBVAL_CHECK_OUTPUT
garbled = "Højvande".encode().decode("cp1252")
print(garbled, "->", garbled.encode("cp1252").decode())
lost = "Chère Élodie".encode("cp1252").decode("utf-8", "replace")
print(lost, "->", lost.encode().decode("cp1252"))

# %% [markdown]
# The first can be undone by anyone who guesses which two charsets were mixed up. In the second, è and É became one and the same sign �, and no later step can tell
# them apart again. A model that reads either learns to write it, so decode with care when you collect.

# %% [markdown]
# ## The polite crawler
#
# The loop is the same as before, with a check at each door. Redirects are not followed blindly: the new address goes through the same checks
# as a link. Addresses that differ only in their numbers share a budget of twelve, so that the calendar ends. A film is not loaded: the
# header says what it is before the body comes. The text gets a hash, so that a page is kept once, whatever its address. And one page may fail in any way it
# likes, packed wrongly, without end, in an unheard-of charset: it is recorded, and the crawl goes on.
#
# Your three functions are passed in, and do the work:

# %%
site.forget()
yours = {"normalise_url": normalise_url, "allowed": allowed, "backoff": backoff}
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    crawl = crawler.crawl(client, site.home, agent=agent, **yours)
log, elsewhere = list(site.log), list(site.outside)
print("addresses:", crawl.outcomes())
print("requests: ", dict(Counter(request.status for request in log).most_common()))
for step in crawl.steps:
    if step.outcome == "error":
        print(f"error:     {urlsplit(step.url).path}: {step.reason}")
print("warning:  ", *(warning.message for warning in warned))

# %% [markdown]
# Read the warning. A budget for each pattern ends a trap, and it would also cut a site whose pages are called `/item/1`, `/item/2` and so on: of fifty such pages you would get twelve.
# So the crawler says what it left out, and `per_pattern` is yours to raise.
#
# A crawler's word is worth little. What counts is the server's log:

# %%
paths = [request.path for request in log]
broken = [path for path in paths if not robots.allowed(ROBOTS, agent, path)]
verify.promise("no forbidden page is touched", got=len(broken), equals=0)
verify.promise("no other host is visited", got=len(elsewhere), equals=0)
rate = len(log) / (log[-1].seconds - log[0].seconds)
verify.promise(
    "over the whole crawl there are at most 25 requests a second", got=rate, at_most=25
)
texts_found = {page.text for page in crawl.pages}
found = sum(exhibit.text in texts_found for exhibit in exhibits())
verify.promise("all 36 exhibits are found", got=found, equals=36)
verify.promise("it takes fewer than 100 requests", got=len(log), below=100)

# %%
news = Counter(path for path in paths if path.startswith("/news/"))
again = {path: times for path, times in news.items() if times > 1}
print("asked for more than once:", again)

# %% [markdown]
# `/news/storm` failed twice, `/news/regatta` asked for a second's patience, and both came in the end; `/news/archive` was given up after four attempts. The naive crawler
# had kept their error pages as texts. How much does each request bring?

# %%
seen, naive = set(), []
for _, html in pages:
    seen.add(crawler.extract(html).text)
    naive.append(len(seen))
cost = np.cumsum([step.requests for step in crawl.steps])
polite = np.cumsum([step.outcome == "new" for step in crawl.steps])
plots.curves(
    {"naive": np.arange(1, len(naive) + 1), "polite": cost},
    {"naive": naive, "polite": polite},
    x_label="requests",
    y_label="different texts",
    title="The polite crawler is done where the naive one starts to go in circles",
)

# %% [markdown]
# Polite is not the opposite of efficient. Here is the site as the crawl found it. Move the slider, and watch the frontier grow and empty.

# %%
widgets.play(
    lambda addresses: pictures.draw(crawl, addresses),
    addresses=(1, len(crawl.steps), 1, len(crawl.steps)),
)

# %% [markdown]
# Breadth first means: all pages one link away from home, then all that are two away. Deep pages come late, and that is good: what a site thinks important stands near
# its door, and traps lie deep.
#
# ## The second visit
#
# A week later the museum has changed its opening hours. Must you load everything again? A server may give each version of a page a name, its *ETag*, or a date in
# `Last-Modified`. You send it back with the next request (`If-None-Match`, `If-Modified-Since`), and if nothing has changed, the answer is 304 without a body. The museum's
# ETags begin with `W/`, for *weak*: the pages are the same in what matters, though each link carries a new session number.

# %%
site.log.clear()
site.edit("/visit", "Open from nine to four, closed when the ferry is.")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # you know the calendar by now
    second = crawler.crawl(client, site.home, agent=agent, known=crawl.pages, **yours)
print("addresses:", second.outcomes())
had = {page.sha256 for page in crawl.pages}
changed = [urlsplit(page.url).path for page in second.pages if page.sha256 not in had]
print("changed:  ", *changed)

# %%
visits = {"first visit": log, "second visit": site.log}
loaded = {
    name: sum(one.sent for one in visit if "film" not in one.path) / 1000
    for name, visit in visits.items()
}
plots.bars(loaded, y_label="kB of text", title="The second visit costs next to nothing")
verify.promise("only /visit has changed", got=changed, equals=["/visit"])
saved = loaded["second visit"] / loaded["first visit"]
verify.promise("the second visit loads less than a tenth", got=saved, below=0.1)

# %% [markdown]
# You made nearly as many requests as before, and loaded next to nothing. Many sites also publish a list of their addresses with dates, a *sitemap*; then you need not even ask for what has not changed.

# %% [markdown]
# ## The same text, almost
#
# A hash finds texts that are equal. The museum also has versions to print: the same text and one sentence more. Their hashes have nothing in common. So cut each text into
# overlapping runs of five words and compare the sets: the number of shared runs divided by the number of all runs is the *Jaccard similarity*.

# %%
wanted = re.compile("/(exhibits|print|news|notes)/")
candidates = [page for page in crawl.pages if wanted.search(page.url)]


def runs(text, n=5):
    words = text.lower().split()
    return {tuple(words[i : i + n]) for i in range(max(1, len(words) - n + 1))}


def similarity(a, b):
    return len(runs(a) & runs(b)) / len(runs(a) | runs(b))


# %%
pairs = []
for i, a in enumerate(candidates):
    pairs += [(similarity(a.text, b.text), a, b) for b in candidates[:i]]
values = [value for value, _, _ in pairs]
lowest = min(value for value in values if value > 0.5)
high = sum(value >= lowest for value in values)
plots.histogram(
    {"pairs of pages": values},
    x_label="share of common runs of five words",
    log_y=True,
    title="Between unrelated and nearly equal there is a gap",
    alt=f"{len(pairs)} pairs, nearly all below 0.35; {high} at {lowest:.2f} or more; "
    "none between.",
)

# %%
near = [(a.url, b.url) for value, a, b in pairs if value > 0.75]
near = [(urlsplit(one).path, urlsplit(other).path) for one, other in near]
prints = all("/print/" in one + other for one, other in near)
print(f"{len(near)} pairs above 0.75, for example", *near[0])
claim = "the 6 versions to print are found, and nothing else"
verify.promise(claim, len(near) == 6 and prints, got=len(near))
gap = [value for value in values if 0.35 < value < 0.75]
verify.promise("no pair lies between 0.35 and 0.75", got=len(gap), equals=0)

# %% [markdown]
# The small hill near 0.27 is made of exhibits that share one of the museum's seven anecdotes: related, not repeated. All pairs of $n$ texts are $n(n-1)/2$ comparisons: fine for fifty texts, hopeless for a billion. Lesson 12 finds near repeats without comparing all pairs.

# %%
records = [page for page in candidates if "/print/" not in page.url]
unlicensed = sum(page.licence is None for page in records)
print(len(records), "texts from the web,", unlicensed, "of them without a licence")
print(sum(page.reserved for page in records), "send the header tdm-reservation: 1")

# %% [markdown]
# ## A public set
#
# The easiest source is a published file. Ask three things of it: is it the file they meant, may you use it, and what is in it? The first question has an exact answer.
# The course's own digits come with a datasheet that states their SHA-256, a fingerprint of 256 bits: change one bit of the file, and the fingerprint is another number.

# %%
# NBVAL_CHECK_OUTPUT
file = datasets.data_path("digits.npz")
sheet = datasets.data_path("digits.md").read_text(encoding="utf-8")
stated = re.search(r"sha256 of digits\.npz \| `(\w{64})`", sheet)[1]
print(provenance.file_sha256(file) == stated, "for the file as it is")
damaged = bytearray(file.read_bytes())
damaged[1_000_000] ^= 1
broken_file = Path(tempfile.mkdtemp()) / "digits.npz"
broken_file.write_bytes(damaged)
still_equal = provenance.file_sha256(broken_file) == stated
print(still_equal, f"for a copy with one of {len(damaged) * 8:,} bits turned")

# %% [markdown]
# If a checksum fails, delete the file and fetch it again; nearly always the download broke off. If it fails twice with the same wrong number, the file was
# changed at its source. Then find out why before you use it, and never "fix" the problem by writing the new number into your code. A checksum that you got from the same page as
# the file protects against accidents, not against somebody who controls that page.
#
# ### May you use it? Would you ship these?
#
# The second question has no checksum. Lessons 12 and 32 work with silhouettes of cats and dogs. They come from a package whose licence file says MIT and names its author. How the
# pictures were made, the package doesn't say.

# %%
animals = datasets.load("cats_dogs")
plots.images(animals.images[:10], title="Who drew these?")
print(f"{animals.source}; {animals.license}")

# %% [markdown]
# **Predict first.** Who drew them, and how? You want to (a) look at them, (b) train a model on them for a thesis, (c) put them into a package of your own, (d) sell a product with that model in it.
# Which of the four would you do, and what would you have to find out before? Write it down, then see what the datasheet found.

# %% tags=["predict"]
sheet = datasets.data_path("cats_dogs.md").read_text(encoding="utf-8")
flaws = re.split(r"\n- ", sheet.partition("## Known flaws")[2])
for flaw in flaws:
    if re.search("drew|unknown|licence", flaw):
        print("-", " ".join(flaw.replace("**", "").split()), end="\n\n")

# %% [markdown]
# No person drew them: a text-to-image model did. That stood neither in the package nor in its licence, but in its author's repository. So look for the source first, and for the licence second. What follows for the four plans?
#
# - A licence can only be given by somebody who holds the rights. Whether anybody holds rights in what a model has drawn depends on the country, so "MIT" may promise something that isn't there. And if a picture comes too close to one
#   that the model was trained on, its author still holds rights, which no line in this package can give away.
# - (a) and (b) make copies on your own machine. Many laws allow that for study and research (in the EU, article 3 of directive 2019/790 for research organisations; further down there is more). But say in the thesis what the
#   data are: a classifier trained on them knows one model's idea of a cat.
# - (c) hands copies on, and (d) passes the doubt on to your customers, who will ask where the training data came from. Before either, read the licence of the model that drew the pictures too: it may have conditions for what it makes.
#
# What else can you do? Ask the author. Or take a set whose makers are known: `quickdraw_cats_dogs` holds drawings that players of a game made, published by Google under CC BY 4.0. Or draw your own. If you go on all the same, write into the
# datasheet what you know and what you don't, and be able to take the data out again.
#
# This course does hand the pictures on, with the author's licence text and with what it found. That is a risk taken knowingly. You may decide otherwise; what you may not do is skip the question.
#
# ### What is in it?
#
# From the public domain the museum takes *Moby-Dick*, for its sea. One record is a paragraph of 200 to 600 characters that mentions a whale.

# %%
book = datasets.load("moby_dick")
paragraphs = [line.strip() for chapter in book.texts for line in chapter.split("\n")]
public = [p for p in paragraphs if 200 <= len(p) <= 600 and "whale" in p.lower()][:120]
print(book)
print(len(public), "paragraphs, for example:", public[0][:110], "...")

# %% [markdown]
# ## A company's database
#
# The museum's shop keeps its products, customers and orders in SQLite, a database in a file. Data are kept in tables, and you ask for them in SQL: `SELECT sku, title FROM products WHERE weight > 100` gives two
# columns of some rows. `FROM orders JOIN products USING (sku)` puts each order beside each product with the same `sku`. After twenty years the shop's tables look like this:

# %%
shop = open_shop()
for table in ["products", "products_2009", "stock", "orders"]:
    # the names are ours, no stranger's
    cursor = shop.execute(f"SELECT * FROM {table} LIMIT 40")
    rows = cursor.fetchall()
    print(f"{table} ({', '.join(column[0] for column in cursor.description)})")
    for row in rows[2:4]:
        print("   ", *(str(value)[:38] for value in row), sep=" | ")

# %% [markdown]
# What did the shop sell? Here are three queries, and each looks right:

# %%
sold = (
    "SELECT sum(quantity * price_cents) / 100.0 FROM orders JOIN products USING (sku)"
)
counted = shop.execute(sold).fetchone()[0]
with_stock = shop.execute(sold + " JOIN stock USING (sku)").fetchone()[0]
once = "(SELECT DISTINCT customer_id, sku, quantity, ordered FROM orders)"
imported_once = shop.execute(sold.replace("orders", once)).fetchone()[0]
print(
    f"{counted:.2f} as counted; {with_stock:.2f} when stock is joined too; "
    f"{imported_once:.2f} without repeats"
)
factor = with_stock / counted
verify.promise("the second join more than doubles the sales", got=factor, above=2)

# %% [markdown]
# A product lies on one to three shelves. Join the shelves, and each order appears once *for each shelf*: a join multiplies, and nothing warns you. Count rows before and after each join. The third number shows another trap:
# three orders were imported twice under new numbers. They are found by what they say, not by their id, and an honest customer may order the same thing twice on one day: you decide, and write it down.
#
# Next, units, missing values, and bytes:

# %%
grams = """CASE lower(trim(unit)) WHEN 'g' THEN weight WHEN 'kg' THEN weight * 1000
           WHEN 'oz' THEN weight * 28.349523125 END"""
numbers, weight = shop.execute(
    f"SELECT avg(weight), avg({grams}) FROM products"
).fetchone()
print(f"mean of the numbers as they stand: {numbers:.1f}; in grams: {weight:.1f}")
unknown = shop.execute("SELECT count(*) FROM products WHERE unit IS NULL").fetchone()[0]
print("weights whose unit nobody wrote down:", unknown)
empty = "description IS NULL OR trim(lower(description)) IN ('', 'n/a')"
missing, null = shop.execute(
    f"SELECT count(*), sum(description IS NULL) FROM products WHERE {empty}"
).fetchone()
print(f"descriptions missing: {missing}, of which NULL: {null}")
old = shop.execute("SELECT sku, description FROM products_2009").fetchall()
print(old[0][1][:60], "\n" + old[0][1].decode("cp1252"))

# %% [markdown]
# NULL is SQL's word for "no value". `avg` leaves it out, so the mean in grams is that of the products whose unit is known. Whether those are like the others, the numbers can't say (lesson 12). A missing
# description has three spellings, and only one of them is NULL.
#
# ### Why the value must not become part of the query
#
# The shop has a form: type your e-mail address, see your orders. Its programmer built the query by putting the address between quotes.


# %%
def orders_unsafe(connection, email):
    return connection.execute(f"""
        SELECT orders.id, orders.sku, orders.quantity
        FROM orders JOIN customers ON customers.id = orders.customer_id
        WHERE customers.email = '{email}'""").fetchall()


# %%
print("Ada's own orders:     ", len(orders_unsafe(shop, "ada.marsh@example.org")))
leaked = orders_unsafe(shop, "x' OR '1'='1")
print("x' OR '1'='1:         ", len(leaked), "orders, of all customers")
passwords = orders_unsafe(shop, "x' UNION SELECT name, password, 0 FROM staff --")
print("x' UNION SELECT ...:  ", passwords)
try:
    orders_unsafe(shop, "finn.o'brien@example.org")
except sqlite3.OperationalError as error:
    print("Mr O'Brien, honestly: ", error)

# %% [markdown]
# The first attack leaks every order, the second the passwords of the staff, and Mr O'Brien gets an error for his name. Where a program runs whole scripts, it
# gets worse. This is a copy of the shop:

# %%
victim = copy.deepcopy(shop)
email = "x'; DROP TABLE orders; --"
victim.executescript(f"""
    INSERT INTO customers (email) VALUES ('somebody');
    SELECT * FROM customers WHERE email = '{email}'""")
tables = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
for name, database in {"shop": shop, "copy": victim}.items():
    left = [row[0] for row in database.execute(tables)]
    print(f"{name}:", *left)
verify.promise("the table of orders is gone from the copy", "orders" not in left)

# %% [markdown]
# SQLite's `execute` takes one statement only, which stops this attack and none of the others. To search for bad characters, or to double the quotes by hand, is no cure: it works until somebody
# forgets it once. The cure is to send query and value *apart*: write `?` where the value goes, and pass the value as a parameter. The database reads the query before it sees the value, so the value stays a value.
#
# Write `find_orders`: id, product title and quantity of a customer's orders, by id. Addresses were typed by hand: capitals and blanks around them don't count, and an address of nothing but blanks is nobody's.
# The text of the query must be the same for every address, and the order must be asked for: without `ORDER BY` a database may give rows in any order.
# Tables: `orders(id, customer_id, sku, quantity)`, `customers(id, email)`, `products(sku, title)`.


# %% tags=["exercise"]
def find_orders(connection, email):
    """[(order id, product title, quantity), ...] of the customer with this address,
    by order id; [] if there is none."""
    ...  # your code: connection.execute(query, parameters).fetchall()


# %% tags=["check"]
find_orders = check("collecting.find_orders", find_orders)

# %%
for email in [
    "finn.o'brien@example.org",
    "x' OR '1'='1",
    "x' UNION SELECT 1, password, 1 FROM staff --",
    "%",
]:
    print(f"{email:48} {len(find_orders(shop, email))} orders")
verify.promise("an attack finds nothing", find_orders(shop, "x' OR '1'='1") == [])

# %% [markdown]
# A parameter holds the place of a *value*. It can't stand for a table or a column: pick those from a list of your own. And it does not disarm `%` and `_` inside a `LIKE`.
#
# ### What you take from the shop
#
# The model needs descriptions. It needs no names, addresses or orders, so you don't take them: what was never collected can't leak (see lesson 14).

# %%
described = shop.execute(
    f"SELECT sku, description FROM products WHERE NOT ({empty})"
).fetchall()
described += [(sku, text.decode("cp1252")) for sku, text in old]
print(len(described), "descriptions, for example:", described[0][1])

# %% [markdown]
# ## One data set
#
# Now all three become one. A record gets an id and its text, and everything that you need to use it rightly: source, address, creator, licence, and what you changed. A licence such
# as CC BY asks for exactly these: name the creator, link to the source and the licence, say what you changed. For a web page, licence and creator are what that page states.

# %%
now = datetime.now(UTC)
own = "own work, internal use"
from_web, from_shop = [], []
for page in records:
    row = {"id": "web" + urlsplit(page.url).path, "text": page.text}
    row |= {"source": "museum web site", "url": page.url}
    row |= {"creator": page.creator, "licence": page.licence}
    row |= {"changes": "navigation and footer removed"}
    from_web.append(row | {"retrieved": datetime.fromisoformat(page.retrieved)})
inside = {"source": "museum shop database", "url": None, "creator": "the museum's shop"}
for sku, text in described:
    row = {"id": f"shop/{sku}", "text": text, "licence": own, "changes": None}
    from_shop.append(row | inside | {"retrieved": now})

# %%
title, package = book.source.split("; ")
*_, name, version = package.split()
novel = {"source": title, "creator": "Herman Melville", "licence": book.license}
novel["url"] = f"pkg:npm/{name.replace('@', '%40')}@{version}"  # a package URL
novel |= {"changes": "cut into paragraphs", "retrieved": now}
from_book = [
    {"id": f"moby-dick/{i:03}", "text": text} | novel for i, text in enumerate(public)
]
rows = from_web + from_shop + from_book
print(len(rows), "records, for example:")
print(*(f"  {key}: {str(value)[:70]}" for key, value in rows[0].items()), sep="\n")

# %% [markdown]
# Two things remain: drop what you have twice, and drop what you may not use.


# %%
def first_of_each(rows):
    by_hash = {}
    for row in rows:
        by_hash.setdefault(crawler.content_hash(row["text"]), row)
    return list(by_hash.values())


def licensed(rows):
    return [row for row in rows if row["licence"]]


# %% [markdown]
# **Predict first.** Does it matter which of the two comes first? Write down yes or no, and why.

# %% tags=["predict"]
kept = licensed(first_of_each(rows))
other = first_of_each(licensed(rows))
difference = {row["id"] for row in other} - {row["id"] for row in kept}
print(
    f"{len(kept)} records if you look for repeats first, "
    f"{len(other)} if you look at licences first"
)
print("only in the second:", *difference)

# %% [markdown]
# It matters. Four exhibits are on loan, and their lenders keep all rights. Somebody at the shop pasted one of these texts into a product description, and in the shop's database it looks like the shop's own work. If you drop
# the unlicensed web page first, nothing is left that could tell you, and the lender's text slips in through the back door. Compare with *everything* you saw, also with what
# you may not keep.

# %%
collected, usable = (Counter(row["source"] for row in part) for part in (rows, kept))
plots.grouped_bars(
    {
        source: {"collected": collected[source], "kept": usable[source]}
        for source in collected
    },
    y_label="records",
    title="What was collected, and what may be used",
)
lost, slipped = len(rows) - len(kept), len(other) - len(kept)
verify.promise(
    "4 web texts on loan and 5 pasted texts are left out", got=lost, equals=9
)
claim = "with the other order one lender's text slips in"
verify.promise(claim, got=slipped, equals=1)

# %% [markdown]
# ### A manifest
#
# A manifest has one line for each record: what, from where, by whom, under which licence, changed how, when, and the hash that proves it is still the same text. In JSON Lines, one object a line, it can be read,
# cut and merged by any tool.


# %% tags=["exercise"]
def manifest_line(
    id, text, source, licence, retrieved, url=None, creator=None, changes=None
):
    """One line of JSON, keys changes, creator, id, licence, retrieved, sha256, source,
    url in alphabetical order; blanks after : and , as you like.

    retrieved: comes as a datetime in any time zone; write it as ISO 8601 in UTC, to
    the second, like 2026-11-24T09:30:00+00:00;
    sha256: SHA-256 of the text in UTF-8, in hex. Letters like ø stay readable.
    """
    ...  # your code


# %% tags=["check"]
manifest_line = check("collecting.manifest_line", manifest_line)

# %%
# NBVAL_CHECK_OUTPUT
letter = {"id": "web/notes/letter", "text": "“Chère Élodie”"}
letter |= {"source": "museum web site", "url": "http://museum.example/notes/letter"}
letter |= {"creator": "The Museum of the Invented Sea", "licence": "CC BY 4.0"}
print(manifest_line(**letter, retrieved=half_past_nine))

# %%
data = {row["id"]: row["text"] for row in kept}
manifest = [manifest_line(**row) for row in kept]
print("problems:", provenance.check_manifest(manifest, data))
tampered = {**data, "moby-dick/007": data["moby-dick/007"].replace("whale", "shark", 1)}
print("problems:", provenance.check_manifest(manifest[1:], tampered))
nameless = manifest_line(**kept[0] | {"creator": None})
print("problems:", provenance.check_manifest([nameless, *manifest[1:]], data))
verify.promise(
    "the manifest fits the data", provenance.check_manifest(manifest, data) == []
)

# %% [markdown]
# One word changed, one line lost, one creator not named: all three are found. The addresses are those of your practice server, which is gone when this notebook ends. On a real site
# they lead back to the page, as long as it is there; keep the pages themselves too if you can (archives store them in files of the format WARC).
#
# ### A datasheet
#
# A manifest is for programs. A datasheet is for people: what is this for, what is wrong with it, what must it not be used for (Gebru et al., 2021)? The code counts what can be
# counted. The rest only you can answer, and unanswered questions stay visible.

# %%
answers = {
    "Motivation": "To train a small model that drafts captions "
    "for a museum of the sea. For a course.",
    "Composition": "One record is one text of a few sentences. "
    "The museum's texts share phrases: expect repetition.",
    "Collection": "Web: one crawl; robots.txt and Crawl-delay obeyed. "
    "Shop: no customer data. Book: paragraphs on whales.",
    "Preprocessing": "Dropped: exact repeats over all sources, versions to print, "
    "texts on loan. Charsets checked.",
    "Distribution": "The shop's texts are for internal use, "
    "so the set as a whole must not be published.",
}
sheet = provenance.datasheet("Texts of the sea", manifest, data, answers)
display(Markdown(re.sub("^#", "###", sheet, flags=re.M)))

# %%
folder = Path(tempfile.mkdtemp())
lines = [
    json.dumps({"id": id, "text": text}, ensure_ascii=False)
    for id, text in data.items()
]
files = {"data.jsonl": lines, "manifest.jsonl": manifest, "datasheet.md": [sheet]}
for name, content in files.items():
    (folder / name).write_text("\n".join(content) + "\n", encoding="utf-8")
    print(f"{name:15} {(folder / name).stat().st_size / 1000:5.1f} kB")

# %% [markdown]
# These three files are what you hand over. Two sections of the datasheet are not answered. Write them, and run the cells again. Note what "Distribution" says: the strictest of the parts decides what may happen to the whole.

# %% [markdown]
# ## What is possible is not yet permitted
#
# Several things decide whether you may use what you can fetch:
#
# | what | whose | says |
# |---|---|---|
# | robots.txt | the site's operator | where crawlers should not go; not what may be done with a text |
# | terms of use | the site's operator | what visitors agree to; often stricter than robots.txt, and not readable by your program |
# | copyright and licence | the author | who may copy, change, publish. No licence means: all rights reserved |
# | law on data mining | the state | in the EU, directive 2019/790 allows mining what you lawfully access: for scientific research by research organisations and heritage institutions (article 3), and for others unless the holder of the rights reserved them in an appropriate manner (article 4(3)); for what is online that means by machine-readable means. Elsewhere other rules hold, in the USA "fair use", case by case |
# | a machine-readable reservation | the holder of the rights | "no text and data mining". One way to write it is the TDM Reservation Protocol (TDMRep; final report of a W3C community group, 10 May 2024, not a W3C standard): `tdm-reservation: 1` in the HTTP header, in a meta tag, or for a whole site in `/.well-known/tdmrep.json`. A crawler that reads only robots.txt misses it. Yours reads header and tag (`page.reserved`: the four texts on loan), and not yet the file |
# | law on AI | the state | article 53(1)(c) of the EU's AI Act (regulation 2024/1689), which applies since 2 August 2025: providers of general-purpose AI models on the EU market need a policy for copyright law, and must identify and respect such reservations. Article 53(1)(d) asks them for a public summary of their training data |
# | data protection | the people in the data | names and addresses stay personal data when they are public |
#
# The ground moves. Longpre et al. (2024) looked at 14,000 web domains behind common training sets: within one year, robots.txt closed about 5% of all tokens of the set C4, and 28% of its most actively maintained sources; terms of use restricted 45% of C4. This is a description, as of 2026, and not
# legal advice. What an engineer can always do: give your crawler a name and a contact, keep the licence beside each record, leave out what was reserved, and be able to delete on request.

# %% [markdown]
# ## How the same job grows
#
# Your crawl of a hundred requests took seconds. What about $10^4$, $10^7$, $10^{10}$ pages? Four things have their price: politeness (one host, one request a second), the line, the disk, and money. All you need is the size of a page.

# %%
# Common Crawl, May 2024: 2.7 billion pages, 377 TiB uncompressed
page_bytes = 377 * 2**40 / 2.7e9
# compressed; an archive is of the order of 75 TB (Thompson, 2024)
stored_bytes = page_bytes / 5
# a month; assumption, the order of a list price for object storage: put yours here
dollars_per_gb = 0.023
print(f"one page: {page_bytes / 1000:.0f} kB, {stored_bytes / 1000:.0f} kB compressed")


# %%
def estimate(pages, hosts, delay=1.0, megabits=1000):
    """Days for politeness and for the line, hosts side by side;
    terabytes; dollars a month."""
    polite = pages / hosts * delay / 86400
    bits = pages * stored_bytes * 8  # pages travel compressed
    line = bits / (megabits * 1e6) / 86400
    terabytes = pages * stored_bytes / 1e12
    return polite, line, terabytes, terabytes * 1000 * dollars_per_gb


# %%
def readable(days):
    units = {"years": 365, "days": 1, "hours": 1 / 24, "min": 1 / 1440}
    for unit, size in units.items():
        if days >= size:
            return f"{days / size:.1f} {unit}"
    return f"{days * 86400:.1f} s"


print(" pages  hosts  politeness   1 Gbit/s       stored     a month")
for n, hosts in [(1e4, 1), (1e7, 1e3), (1e10, 2e8)]:
    polite, line, terabytes, dollars = estimate(n, hosts)
    waits = f"{readable(polite):>11} {readable(line):>10}"
    print(f"{n:6.0e} {hosts:6.0e} {waits} {terabytes:9.4f} TB {dollars:9,.2f} $")

# %% [markdown]
# The bottleneck moves. Ten thousand pages of *one* host take 2.8 hours, and no faster computer helps: you wait for politeness. Ten million pages of a thousand hosts wait as long, and fit on one disk. Ten billion keep the line busy for four weeks, and fill 300 TB.
#
# Is such an estimate any good? IRLbot (Lee et al., 2008) crawled 6.3 billion pages of 117 million hosts in 41 days with a single server, at 1,789 pages and 319 Mbit a second. Take care what this comparison tests. Put in 319 Mbit a second, and you have put in IRLbot's own result:
# pages times bits a page is days times bits a day. What is left to test is a single assumption of ours, the size of a page. Politeness isn't tested at all.

# %%
polite, line, *_ = estimate(6.3e9, 117e6, megabits=319)
reported = 319e6 / 8 / 1789
print(f"a page: {reported / 1000:.0f} kB in 2008, {stored_bytes / 1000:.0f} kB in ours")
print(f"at 319 Mbit a second: {readable(line)} by our page, 41 by theirs")
claim = "our page is right to a factor of 1.5"
verify.promise(claim, got=stored_bytes / reported, above=1 / 1.5, below=1.5)
claim = "6.3 billion pages in 41 days are 1,789 a second, to 1%"
verify.promise(claim, abs(6.3e9 / (41 * 86400) / 1789 - 1) < 0.01)
print(f"politeness, if all hosts were equally large: {readable(polite)}")

# %% [markdown]
# A minute! So a crawl of the web never waits for politeness? It does, because hosts are not equally large. Suppose that the sizes follow Zipf's law: the second largest host has half of the pages of the first, the third a third, and so on.

# %%
harmonic = np.log(117e6) + np.euler_gamma  # 1 + 1/2 + ... + 1/117e6, nearly
largest = 6.3e9 / harmonic
print(f"the largest host has {largest / 1e6:.0f} million pages of 6.3 billion")
print(f"at one request a second: {readable(largest / 86400)}")
days_for_1e6, days_for_1e4 = estimate(1e6, 1)[0], estimate(1e4, 1)[0]
print(
    f"one host with 1e6 pages: {days_for_1e6:.1f} days; "
    f"1e4 pages: {days_for_1e4 * 24:.1f} hours"
)
claim = "1 + 1/2 + ... + 1/n is ln n + 0.5772, here for a million"
n = 1_000_000
exact = (1 / np.arange(1, n + 1)).sum()
verify.agree(claim, exact, np.log(n) + np.euler_gamma, tolerance=1e-6)

# %% [markdown]
# Unequal hosts are the real limit, whatever you pay. IRLbot's answer was a budget for each domain, larger for those that many others link to. Yours was `pages` and `per_pattern`. A large crawl takes a part of each large host, and a good one says which.

# %% [markdown]
# Play with the assumptions. How many hosts must you crawl side by side before you wait for the line and not for politeness?


# %%
def picture(log10_of_pages, seconds_between_requests, megabits_per_second):
    n, hosts = 10.0**log10_of_pages, np.logspace(0, 8, 60)
    polite, line, *_ = estimate(n, hosts, seconds_between_requests, megabits_per_second)
    enough = n * seconds_between_requests / 86400 / line
    plots.curves(
        hosts,
        {"politeness": polite, "line": np.full(60, line)},
        x_label="hosts, equally large",
        y_label="days",
        log_x=True,
        log_y=True,
        title=f"From {enough:,.0f} hosts on you wait for the line",
    )


widgets.play(
    picture,
    log10_of_pages=(3, 11, 1, 7),
    seconds_between_requests=(0.1, 10.0, 0.1, 1.0),
    megabits_per_second=(10, 10000, 10, 1000),
)

# %% [markdown]
# Where the curves cross does not depend on the number of pages, because both waits grow with it. The crossing is the number of pages that fit on the line in the time between two requests to one host.

# %%
# pages a second on 1 Gbit/s, with one second between requests
crossing = 1000e6 / 8 / stored_bytes
claim = "from about 4,000 hosts on the line is the limit"
verify.promise(claim, got=crossing, above=3900, below=4200)

# %% [markdown]
# ## Check the article
#
# The course's source article says of collecting (sections 1.2, 2.1, 3.2.1):
#
# | it says | verdict | proof |
# |---|---|---|
# | data come from public sets, the internet, or inside the company | right; you did all three | this lesson |
# | collecting is a part of "data generation" | imprecise: collecting takes what exists, generating makes what did not; a provenance record must tell them apart | the manifest's `source` and `creator` |
# | ensure quality and completeness while you collect | imprecise: you can measure and state them, not ensure them; some descriptions and units are missing at the source | cells below |
# | collect from many sources, which raises diversity and so generalisation | imprecise: more sources also bring repeats, foreign rights, and texts unlike those you want | cells below |
# | clean, remove repeats and noise | right; and the order of the steps matters | the lender's text |
# | (nothing) | missing: permission, provenance, and the load on others' servers | |

# %%
words = {source: Counter() for source in usable}
for row in kept:
    words[row["source"]].update(re.findall(r"[a-z]+", row["text"].lower()))
web, book_words = words["museum web site"], words[title]
for source, bag in words.items():
    shared = sum(n for word, n in bag.items() if word in web) / bag.total()
    print(
        f"{source:30} {bag.total():5} words, {len(bag):4} different; "
        f"{shared:4.0%} occur on the web site"
    )

# %%
claim = "the book has over 10 times as many different words as the web site"
verify.promise(claim, got=len(book_words) / len(web), above=10)
share = book_words.total() / sum(bag.total() for bag in words.values())
claim = "the book makes up more than three quarters of all words"
verify.promise(claim, got=share, above=0.75)
print(f"{missing} products have no description: no care in collecting brings them back")

# %% [markdown]
# The book brings the diversity, and would also take over: more than three quarters of what a model reads in this mixture is Melville. More sources help where they resemble what you want to generate. How to weigh them is a decision of its own.

# %%
site.stop()

# %% [markdown]
# ## Quiz

# %%
widgets.quiz("11_collecting_data")

# %% [markdown]
# ## What you should be able to do now
#
# You can crawl a site by its rules, prove it from the log, and come back without loading everything again. You give each page one name, find texts that you have already, and read bytes whose charset is declared wrongly. You keep strangers' values out of your queries. You hand over a data set with a
# manifest that finds every change and names every creator, and with a datasheet that shows which questions are still open. You ask where data come from before you pass them on. And you can say what a crawl will cost before you start it.
#
# Lesson 12 cleans what you collected: near repeats among millions, wrong labels, noise, missing values. Lesson 14 removes personal data, and shows what a model gives away of it.
#
# ## References
#
# - M. Koster, G. Illyes, H. Zeller, L. Sassman: *Robots Exclusion Protocol*, RFC 9309, 2022.
# - R. Fielding, M. Nottingham, J. Reschke: *HTTP Semantics*, RFC 9110, 2022 (Retry-After; conditional requests).
# - A. van Kesteren: *Encoding Standard*, WHATWG, living standard.
# - T. Berners-Lee, R. Fielding, L. Masinter: *Uniform Resource Identifier (URI): Generic Syntax*, RFC 3986, 2005.
# - T. Gebru, J. Morgenstern, B. Vecchione, J. Wortman Vaughan, H. Wallach, H. Daumé III, K. Crawford: *Datasheets for Datasets*, Communications of the ACM, 2021.
# - C. Manning, P. Raghavan, H. Schütze: *Introduction to Information Retrieval*, chapter 20 (web crawling), Cambridge University Press, 2008.
# - H.-T. Lee, D. Leonard, X. Wang, D. Loguinov: *IRLbot: Scaling to 6 Billion Pages and Beyond*, WWW 2008.
# - S. Longpre et al.: *Consent in Crisis: The Rapid Decline of the AI Data Commons*, arXiv 2407.14933, 2024.
# - H. Thompson: *Improved methodology for longitudinal Web analytics using Common Crawl*, arXiv 2404.09770, 2024. Common Crawl: *May 2024 crawl archive now available*, 2024.
# - Directive (EU) 2019/790 on copyright and related rights in the Digital Single Market, articles 3 and 4, 2019. Regulation (EU) 2024/1689 (Artificial Intelligence Act), article 53, 2024.
# - L. Le Meur (editor): *TDM Reservation Protocol (TDMRep)*, W3C Community Group Final Report, 2024.
