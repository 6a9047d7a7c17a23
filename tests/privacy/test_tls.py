"""TLS in memory: the message arrives, the wire does not show it, the wrong server is refused."""

import ssl

import pytest

from aigc_lab.privacy import tls


@pytest.fixture(scope="module")
def server():
    return tls.self_signed("records.example")


def test_the_server_reads_what_the_wire_does_not_show(server):
    message = b"my card number is 4242424242424242" * 3
    read, wire = tls.send(message, server, server.certificate, "records.example")
    assert read == message
    assert b"424242" not in wire
    assert len(wire) > len(message)


def test_another_certificate_or_host_is_refused(server):
    other = tls.self_signed("records.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        tls.send(b"x", other, server.certificate, "records.example")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)hostname mismatch"):
        tls.send(b"x", server, server.certificate, "else.example")


def test_no_setting_of_this_machine_matters(server, monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "none" / "keys"))  # a folder that is gone
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    assert tls.send(b"x", server, server.certificate, "records.example")[0] == b"x"
