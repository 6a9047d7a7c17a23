"""The practice site: its log shows what a naive loop breaks."""

from urllib.parse import urljoin

import httpx
from bs4 import BeautifulSoup


def test_the_naive_loop_breaks_the_rules_that_the_log_shows(site):
    site.forget()
    client, queue, seen = site.client(), [site.home], set()
    client.follow_redirects = True
    while queue and len(site.log) < 200:
        url = queue.pop(0)
        if url in seen or not url.lower().startswith("http"):
            continue
        seen.add(url)
        try:
            html = client.get(url).text
        except httpx.TooManyRedirects:
            continue
        queue += [urljoin(url, a["href"]) for a in BeautifulSoup(html, "html.parser").find_all("a", href=True)]
    assert site.outside
    assert any(request.path == "/private/ledger" for request in site.log)
