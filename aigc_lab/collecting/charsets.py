"""From bytes to text: the characters of a page whose charset is declared wrongly, or not at all."""

import codecs
import re

import webencodings

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
# Seven-bit charsets look like ASCII, and hence like UTF-8; only their escape sequences give them away.
ESCAPES = {
    b"\x1b$)C": "iso2022_kr",
    b"\x1b$": "iso2022_jp_ext",
    b"\x1b(J": "iso2022_jp_ext",
    b"\x1b(I": "iso2022_jp_ext",
}
# On the web these names stand for larger charsets than Python's codecs of the same name ("gb2312" lacks the 镕 of 朱镕基).
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
DAMAGED = 0.1  # a declared charset is still believed if at most this share of the non-ASCII characters comes out broken
_LABEL = r"\s*=\s*[\"']?\s*([\w.:-]+)"
_META = re.compile(rb"<meta[^>]+charset" + _LABEL.encode() + rb"|<\?xml[^>]+encoding" + _LABEL.encode(), re.I)


def decode(body: bytes, content_type: str = "") -> tuple[str, str]:
    """Text of a page, and the Python codec that read it.

    Declarations lie, but some charsets can be checked. A byte order mark therefore counts first, then escape sequences,
    then UTF-8 (text in another charset is hardly ever valid UTF-8 by accident), then the header, and last the page's
    own meta tag. If none of them decodes without an error, the first that leaves few characters broken is taken, and
    Windows-1252 if there is none.

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
    """The Python codec for a charset label as browsers read it ("latin1" is cp1252, "gb2312" is gb18030), or None."""
    found = webencodings.lookup(label)
    if found is None or found.name in ("replacement", "x-user-defined"):
        return None
    return CODECS.get(found.name, codecs.lookup(found.codec_info.name).name)


def _keep_controls(error: UnicodeError) -> tuple[str, int]:
    """Bytes that a Windows charset leaves undefined (0x81 in Windows-1252) are control characters on the web."""
    byte = error.object[error.start]
    return chr(byte) if byte < 0xA0 else "\ufffd", error.start + 1


codecs.register_error("c1", _keep_controls)
