"""Bytes to text: what browsers read under each label, by the tables of the WHATWG's Encoding Standard."""

import codecs

import pytest
import webencodings
from hypothesis import given
from hypothesis import strategies as st

from aigc_lab.collecting import charsets


@pytest.mark.parametrize(
    ("text", "stored", "header", "meta"),
    [
        ("“Chère Élodie”", "cp1252", "utf-8", "utf-8"),
        ("Højvande – to", "utf-8", "iso-8859-1", "utf-8"),
        ("白日依山尽，黄河入海流", "gb18030", "", "gb18030"),
        ("白日依山尽，黄河入海流", "gb18030", "gbk", ""),
        ("朱镕基", "gbk", "gb2312", ""),  # 镕 is not in GB 2312, but pages labelled "gb2312" use it
        ("朱镕基", "gbk", "", "GB_2312-80"),
        ("①高島屋の髙", "cp932", "shift_jis", ""),  # NEC's and IBM's characters: Windows-31J
        ("①② 日本", "euc_jis_2004", "", "euc-jp"),
        ("똠방각하", "cp949", "euc-kr", ""),  # not in KS X 1001
        ("한국어", "cp949", "", "ks_c_5601-1987"),
        ("中文", "big5", "big5", ""),
        ("ışık", "cp1254", "iso-8859-9", ""),
        ("Grüße", "utf-8-sig", "latin-1", ""),
        ("Grüße", "latin-1", "no-such-charset", ""),
        ("Grüße", "latin-1", "undefined", ""),  # a codec of Python that only raises
        ("Grüße", "latin-1", "idna", "punycode"),
        ("Привет", "koi8-r", "koi8-r", ""),
        ("Привет", "cp1251", "", "windows-1251"),
        ("日本語の文", "iso2022_jp", "", ""),  # seven bits: valid UTF-8, recognised only by its escape sequences
        ("日本語の文", "iso2022_jp", "utf-8", "iso-2022-jp"),
        ("한국어", "iso2022_kr", "", ""),
        ("日本語 plain", "utf-16-le", "utf-16", ""),
        ("日本語 plain", "utf-16-be", "utf-16be", ""),
        ("Grüße", "utf-8", "", "utf-16"),  # if the tag could be read, the page is not in UTF-16
        ("plain", "ascii", "", ""),
    ],
)
def test_text_is_read_whatever_is_declared(text, stored, header, meta):
    body = f'<meta charset="{meta}">'.encode() if meta else b""
    body += text.encode(stored)
    assert charsets.decode(body, f"text/html; charset={header}" if header else "text/html")[0].endswith(text)


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_byte_order_mark_counts_before_any_declaration(name):
    body = ("\ufeff" + "Grüße, 日本").encode(name)
    assert charsets.decode(body, "text/html; charset=gbk") == ("Grüße, 日本", name)


@pytest.mark.parametrize("label", sorted(webencodings.labels.LABELS))
def test_each_label_of_the_web_has_a_codec_or_is_refused(label):
    name = charsets.codec(label)
    standard = webencodings.lookup(label).name
    if standard in ("replacement", "x-user-defined"):
        assert name is None
    else:
        assert b"plain ASCII".decode(name if "16" not in standard else "ascii") == "plain ASCII"
        assert codecs.lookup(name)


@pytest.mark.parametrize(
    ("label", "expected"),
    [("latin1", "cp1252"), ("ascii", "cp1252"), (" ISO-8859-1 ", "cp1252"), ("gb2312", "gb18030"), ("x-sjis", "cp932")],
)
def test_labels_mean_what_they_mean_in_the_encoding_standard(label, expected):
    assert charsets.codec(label) == expected


@pytest.mark.parametrize("label", ["undefined", "idna", "punycode", "unicode_escape", "rot13", "base64", "utf-7", ""])
def test_what_is_no_label_of_the_web_is_no_charset(label):
    assert charsets.codec(label) is None


def test_one_broken_byte_does_not_cost_the_page():
    body = ("白日依山尽，黄河入海流。" * 3).encode("gb18030") + b"\xff"
    text, name = charsets.decode(body, "text/html; charset=gb2312")
    assert (text.count("\ufffd"), name) == (1, "gb18030")
    text, name = charsets.decode("白日依山尽，黄河入海流。".encode() + b"\xe7\x99")
    assert (text.count("\ufffd"), name) == (1, "utf-8")


def test_open_places_of_windows_1252_are_controls():
    assert charsets.decode(b"a\x81\x8d\x8f\x90\x9db\xe9") == ("a\x81\x8d\x8f\x90\x9db\xe9", "cp1252")


def test_an_xml_declaration_counts_as_a_meta_tag():
    assert charsets.decode('<?xml version="1.0" encoding="koi8-r"?>Привет'.encode("koi8-r"))[1] == "koi8-r"


@given(st.binary(max_size=60), st.text(max_size=20))
def test_no_bytes_and_no_label_raise(body, label):
    text, name = charsets.decode(body, f"text/html; charset={label}")
    assert isinstance(text, str)
    assert codecs.lookup(name)


@given(st.text(max_size=60))
def test_what_is_utf_8_is_read_as_it_is(text):
    body = text.encode()
    if b"\x1b" not in body and not text.startswith("\ufeff"):
        assert charsets.decode(body, "text/html; charset=latin-1")[0] == text
