"""Text that programs trip over, of every kind we could think of."""
# ruff: noqa: RUF001  # look-alikes are the point

from typing import Final

_EMPTY_AND_BLANK: Final = [
    "",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\u00a0",
    "\u2003",
    "\u3000",
    "\u200b",
]
_CONTROL: Final = [
    *("\0", "a\0b", "\x01\x02\x03", "\x07", "\x08", "\x1b[31mred\x1b[0m", "\x7f", "\x80\x9f"),
    *("line\nbreak", "carriage\rreturn", "tab\tbed", "\u2028", "\u2029", "\x0b\x0c"),
]
_UNICODE: Final = [
    *("naïve café", "Ελλάδα", "Привет", "日本語の文", "한국어", "العربية", "עברית", "ไทย", "हिन्दी"),
    *("🦊", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇫🇷🇫🇷", "👍🏿", "🧑🏽‍🚀", "☃️", "𝔉𝔬𝔵", "𐍈", "\U0010ffff"),
    *("e\u0301", "\u0301", "a" + "\u0300" * 60, "ﬁ", "ß", "İ", "ı", "Å", "\u212b", "K"),
    *("\ufeff", "\ufeffbom", "\ufffe", "\uffff", "\ufffd", "\ue000", "\U000e0041"),
    *("\u202eright to left", "\u2066isolate\u2069", "\u200d", "\u00ad", "\u061c", "\u180e"),
    *("٠١٢٣", "१२३", "１２３", "²", "½", "Ⅷ", "𝟙", "−1", "１．０"),
    *("аpixo", "ɑpixo", "ａｐｉｘｏ", "sееdrеam-4.5", "seedream‑4.5", "seedream-4․5"),
]
_HALF_PAIRS: Final = [
    *("\ud800", "\udfff", "\udc00\ud800", "fox \ud83e", "\udd8a fox", "\ud83e \udd8a"),
]
_LIKE_OTHER_TYPES: Final = [
    *("null", "none", "None", "nil", "undefined", "true", "false", "True", "yes", "on"),
    *("0", "-0", "1", "-1", "1.5", "1e400", "NaN", "nan", "inf", "-Infinity", "0x1f", "1_000"),
    *("[]", "{}", "[object Object]", '"quoted"', "'", '"', "\\", "\\u0000", "\\ud800", "`"),
    *("2026-11-21T12:00:00Z", "2026-11-20T12:00:00", "0000-00-00", "9999-12-31T23:59:59.999999Z"),
    *("0001-01-01T00:00:00+23:59", "2026-W47-5", "20261121T120000Z", "2026-11-21T24:00:00Z"),
    *("2026-11-21T12:00:00+99:99", "P1D", "tomorrow", "12:00", "1800000000"),
]
_FOR_INTERPRETERS: Final = [
    *("' OR 'a'='a", "x'); DROP TABLE jobs; --", '{"$ne": null}', "*)(uid=*", "%' --"),
    *("<b onmouseover=alert(7)>", "</title><svg/onload=1>", "&lt;&amp;&#0;", "<![CDATA[x]]>"),
    *("$(id)", "`id`", "; sleep 9", "| cat", "&& true", "%COMSPEC%", "${HOME}", "$HOME"),
    *("{{7*7}}", "${7*7}", "#{7*7}", "<%= 7 %>", "{0}", "{0.__class__}", "%s%s%s%n", "%d", "%"),
    *("__proto__", "constructor", "__class__", "toString", "hasOwnProperty", "length", "self"),
    *("attribute_not_exists(pk)", "#n", ":v", "pk", "version", "tenant", "id"),
]
_PLACES: Final = [
    *("../../secret", "..\\..\\secret", "/", "//", ".", "..", "%2e%2e%2f", "%00", "%c0%ae", "CON"),
    *("~", "~0", "~1", "a/b", "a~b", "/~01", "#", "?", "&", "=", "+", ";", ":", "@", ","),
    *(
        "https://",
        "https:///x",
        "https://a b/",
        "https://[::1]/",
        "https://x@y:99999/",
        "HTTPS://x",
    ),
    *(
        "http://169.254.169.254/",
        "file:///etc/hosts",
        "javascript:1",
        "//host/x",
        "https://é.com/é",
    ),
    *("data:,", "data:image/png;base64,", "data:image/png;base64,=", "data:image/png,x"),
    *("data:image/svg+xml;base64,PHN2Zy8+", "data:image/png;base64,iVBORw0KGgo=", "DATA:x"),
    *("upload:", "upload:" + "0" * 64, "upload:" + "G" * 64, "upload:" + "0" * 63 + "\n"),
    *("job:", "job:job_01ARZ3NDEKTSV4RRFFQ69G5FAV/0", "s3://", "s3://bucket/key", "arn:aws:s3:::b"),
]
_SIZES: Final = [
    *("2K", "4k", "2048x2048", "2048×2048", "02048x2048", "99999x99999", "1x1", "x", "2048x"),
    *("2048x2048\n", "-1x-1", "1:1", "0:0", "16:9 ", "auto", "match_input_image"),
]
_LONG: Final = ["x" * 41, "x" * 128, "x" * 129, "x" * 513, "é" * 5000, "🦊" * 5000, "🦊" * 5001]

NAUGHTY: Final = tuple(
    dict.fromkeys(
        [
            *_EMPTY_AND_BLANK,
            *_CONTROL,
            *_UNICODE,
            *_HALF_PAIRS,
            *_LIKE_OTHER_TYPES,
            *_FOR_INTERPRETERS,
            *_PLACES,
            *_SIZES,
            *_LONG,
        ]
    )
)
