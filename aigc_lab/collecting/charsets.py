"""From bytes to text: the characters of a page whose charset is declared wrongly, or not at all."""

import codecs
import re

import webencodings

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Charsets of seven bits look like ASCII, and so like UTF-8: only their escape sequences tell.
ESCAPES = {
    b"\x1b$)C": "iso2022_kr",
    b"\x1b$": "iso2022_jp_ext",
    b"\x1b(J": "iso2022_jp_ext",
    b"\x1b(I": "iso2022_jp_ext",
}
# What the web calls by these names is wider than Python's codec of the same name ("gb2312" lacks the 镕 of 朱镕基).
CODECS = {
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "big5hkscs",
    "euc-jp": "euc_jis_2004",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-8-i": "iso8859-8",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "windows-874": "cp874",
}
DAMAGED = 0.1  # a text is still read as what it is declared if at most this share of its non-ASCII characters is broken
_LABEL = r"\s*=\s*[\"']?\s*([\w.:-]+)"
_META = re.compile(rb"<meta[^>]+charset" + _LABEL.encode() + rb"|<\?xml[^>]+encoding" + _LABEL.encode(), re.I)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Text of a page, and the Python codec that read it.

    Declarations lie, and some charsets can be checked. So a byte order mark counts first, then escape sequences, then
    UTF-8, since text in another charset is hardly ever valid UTF-8 by accident; then what the header says, then what the
    page's own meta tag says. If all of them fail, the first that leaves little broken is taken, else Windows-1252.

    Args:
        body: the bytes of the page.
        content_type: header Content-Type, for example "text/html; charset=gb2312".

    Source:
        WHATWG, "Encoding Standard": labels, and which charset browsers really read under each.
    """
    for mark, name in BOMS.items():
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    header = re.search("charset" + _LABEL, content_type, re.I)
    meta = _META.search(body[:1024])
    in_header = codec(header[1]) if header else None
    in_page = codec((meta[1] or meta[2]).decode("ascii", "replace")) if meta else None
    if in_page and in_page.startswith("utf-16"):
        in_page = None  # in UTF-16 this tag could not have been found
    candidates = [name for escape, name in ESCAPES.items() if escape in body]
    if b"\0" in body and in_header and in_header.startswith("utf-16"):
        candidates.append(in_header)
    candidates += [name for name in ("utf-8", in_header, in_page) if name]
    for name in candidates:
        try:
            return body.decode(name, "c1" if name.startswith("cp125") else "strict"), name
        except UnicodeDecodeError:
            continue
    for name in candidates:
        text = body.decode(name, "replace")
        if text.count("\ufffd") <= DAMAGED * sum(not character.isascii() for character in text):
            return text, name
    return body.decode("cp1252", "c1"), "cp1252"


def codec(label: str) -> str | None:
    """The Python codec for a label of the web, or None: "latin1" is cp1252 there, "gb2312" is gb18030."""
    found = webencodings.lookup(label)
    if found is None or found.name in ("replacement", "x-user-defined"):
        return None
    return CODECS.get(found.name, codecs.lookup(found.codec_info.name).name)


def _keep_controls(error: UnicodeError) -> tuple[str, int]:
    """Bytes that a Windows charset leaves open (0x81 in Windows-1252) are control characters on the web."""
    byte = error.object[error.start]
    return chr(byte) if byte < 0xA0 else "\ufffd", error.start + 1


codecs.register_error("c1", _keep_controls)
