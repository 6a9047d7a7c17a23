"""The practice site: its log shows what a naive loop breaks."""

from urllib.parse import urljoin

import httpx
import pytest
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


@pytest.mark.parametrize(
    "name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"]
)
@pytest.mark.parametrize("value", ["/none/at/all", "socks5://127.0.0.1:9", "http://[::1"])
def test_no_setting_of_this_machine_keeps_the_reader_from_the_site(site, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert site.client().get(site.home).status_code == 200
    assert site.client().get("https://elsewhere.invalid/").status_code == 200  # what stands behind the fence


@pytest.mark.parametrize(
    "address", ["mailto:desk@museum.example", "tel:+44123", "javascript:void(0)", "ftp://host/file"]
)
def test_a_link_that_no_connection_speaks_fails_as_on_the_web(site, address):
    """As httpx's own client does: a crawler that catches HTTPError goes on."""
    with pytest.raises(httpx.UnsupportedProtocol):
        httpx.Client(trust_env=False).get(address)
    with pytest.raises(httpx.UnsupportedProtocol):
        site.client().get(address)
