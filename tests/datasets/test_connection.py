"""What a machine's proxies and certificates do to a download: it goes their way, or the reader learns which setting is in the way."""

import os
import re
import ssl

import httpx
import pytest

from aigc_lab import datasets
from aigc_lab.datasets import connection, downloads, originals
from aigc_lab.privacy import tls

from misbehaving_server import Server

SETTINGS = re.compile(r"(?i)\w+_proxy|SSL_CERT_\w+|SSLKEYLOGFILE")
BODY = b"twelve bytes"
FAR = "http://mirror.invalid/a/file"  # nobody resolves it: only a proxy can be asked for it


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """A machine on which nothing is set."""
    for name in filter(SETTINGS.fullmatch, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AIGC_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(downloads, "BACKOFF", 0.01)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.stop()


def fetch(tmp_path, *urls: str) -> bytes:
    return downloads.fetch(downloads.File("file", urls, None, len(BODY)), tmp_path / "cache").read_bytes()


def refusal(tmp_path, *urls: str) -> str:
    with pytest.raises(downloads.Unavailable) as caught:
        fetch(tmp_path, *urls)
    assert "AIGC_LAB_CACHE" not in str(caught.value), "the cache is all right"
    assert "checksum" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])
def test_a_download_goes_through_the_proxy_that_is_set(server, monkeypatch, tmp_path, name):
    server.content[FAR] = BODY
    monkeypatch.setenv(name, server.url.removeprefix("http://"))
    assert fetch(tmp_path, FAR) == BODY


def test_each_address_needs_its_own_proxy_only(server, monkeypatch, tmp_path):
    """As many a VPN sets them: all three, the last one for SOCKS."""
    server.content[FAR] = BODY
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert fetch(tmp_path, FAR) == BODY


@pytest.mark.parametrize("kept", ["127.0.0.1", "*", "localhost,127.0.0.1,[:::"])
def test_no_proxy_is_obeyed(server, monkeypatch, tmp_path, kept):
    server.content["/file"] = BODY
    monkeypatch.setenv("ALL_PROXY", "http://nobody.invalid:1")
    monkeypatch.setenv("NO_PROXY", kept)
    assert fetch(tmp_path, server.url + "/file") == BODY


@pytest.mark.parametrize(
    "value", ["socks5://127.0.0.1:9", "foo://x:1", "http://[::1", "http://a..b:80", "http://h:port", "http://127.0.0.1:9"]
)  # fmt: skip
@pytest.mark.parametrize("name", ["HTTPS_PROXY", "all_proxy"])
def test_a_proxy_that_cannot_be_used_is_named(monkeypatch, tmp_path, name, value):
    monkeypatch.setenv(name, value)
    said = refusal(tmp_path, "https://one.invalid/file", "https://two.invalid/file")
    assert f"{name}={value}" in said
    assert said.count(value) <= 2  # once, and once in what httpx says of it: not again for each mirror


def test_a_proxy_that_wants_a_password_is_named_without_one(server, monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", server.url.replace("http://", "http://me:secret@"))
    said = refusal(tmp_path, FAR.replace("http", "https"))
    assert f"HTTPS_PROXY={server.url}" in said
    assert "501" in said  # what this proxy answers to CONNECT
    assert "secret" not in said


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE"])
@pytest.mark.parametrize("kind", ["missing", "a folder"])
def test_certificates_that_cannot_be_loaded_are_named(monkeypatch, tmp_path, name, kind):
    value = str(tmp_path if kind == "a folder" else tmp_path / "none" / "file")
    monkeypatch.setenv(name, value)
    assert f"unset {name}={value}" in refusal(tmp_path, "https://one.invalid/file")


def test_a_file_without_certificates_is_named(monkeypatch, tmp_path):
    (tmp_path / "pem").write_text("not a certificate", encoding="utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "pem"))
    assert f"unset SSL_CERT_FILE={tmp_path / 'pem'}" in refusal(tmp_path, "https://one.invalid/file")


@pytest.fixture
def secure(server, tmp_path):
    """The server with a certificate of its own making, as a network shows it that inspects what passes."""
    identity = tls.self_signed("localhost")
    (tmp_path / "ca.pem").write_text(identity.certificate, encoding="utf-8")
    (tmp_path / "both.pem").write_text(identity.key + identity.certificate, encoding="utf-8")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    server.http.handle_error = lambda *_: None  # a client that hangs up is what is tested
    server.content["/file"] = BODY
    return server.url.replace("http://127.0.0.1", "https://localhost") + "/file"


def test_a_certificate_that_is_not_trusted_is_called_so(secure, monkeypatch, tmp_path):
    said = refusal(tmp_path, secure)
    assert "localhost showed a certificate that isn't trusted" in said
    assert "set SSL_CERT_FILE" in said
    assert "check the network" not in said
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "empty"))
    assert f"SSL_CERT_DIR={tmp_path / 'empty'}" in refusal(tmp_path, secure)
    monkeypatch.delenv("SSL_CERT_DIR")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert fetch(tmp_path, secure) == BODY


@pytest.mark.parametrize(
    ("name", "value"), [("ALL_PROXY", "socks5://127.0.0.1:9"), ("SSL_CERT_FILE", "/none"), ("HTTPS_PROXY", "http://[::1")]
)  # fmt: skip
def test_a_lesson_says_why_and_goes_on_with_the_embedded_set(monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)
    assert len(datasets.load("digits", full=True)) == len(datasets.load("digits"))
    said = capsys.readouterr().out
    assert f"{name}={value}" in said
    assert "embedded set" in said
    with pytest.raises(downloads.Unavailable, match=re.escape(f"{name}={value}")):
        originals.load_full("quickdraw_2000", "train")


def test_the_setting_is_found_where_small_and_capital_letters_differ(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://capital:1")
    monkeypatch.setenv("http_proxy", "http://user:word@small:2")
    assert connection.proxy_for("http://x.invalid/") == ("http://user:word@small:2", "http_proxy=http://small:2")
    assert connection.proxy_for(httpx.URL("https://x.invalid/")) == ("", "")
