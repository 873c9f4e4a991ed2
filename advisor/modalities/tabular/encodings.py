"""How a text is written: Unicode by its mark or its bytes, else Western letters, or those that its bytes speak for."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from charset_normalizer import from_bytes

from advisor.errors import UserError
from advisor.records import Finding
from advisor.wording import counted, shortened

SAMPLE_BYTES = 800_000
# What a text that is not Unicode most often is, for as long as nothing speaks for another.
WESTERN = "cp1252"
FOREIGN = ("cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "cp874", "gb18030", "big5", "cp932", "euc_jp", "cp949")
FALLBACKS = ("cp932", "gb18030", "big5", "cp949")
LONG_RUN = 2.5
# Where lines of another alphabet may be UTF-8 by chance, so many of them and so many letters each are not.
FEWEST_MIXED, LETTERS_MIXED = 0.1, 4
_LATIN = (WESTERN, "cp1250", "cp1254")
# What stands in Western texts beside small letters; where half of it is something else they are none.
_USUAL, USUAL_SHARE = (
    frozenset("ÄÖÜÉÈÀÇÑØÅÆß°€£§µ²³½«»\u2013\u2014\u2018\u2019\u201c\u201d\u201e\u2026ºª·\u2022\xd7®©\xa0"),
    0.5,
)
# What Western letters make of two or three bytes of one letter in UTF-8.
_GARBLED = re.compile(r"[ÂÃÄÅ][^\x00-\x7f\w]|Ã\w|â€.")
_AROUND, WORD = re.compile(r"\w*(?:[ÂÃ].\w*)*"), 20
LOOKED_AT = 20
# So many letters that are UTF-8 for each that is not make a file that is.
MANY_LETTERS, _LETTERS = 20, re.compile(r"[^\x00-\x7f\ufffd]+")
# What Western letters make of those of Turkish, and of Central Europe's, which are signs there (³ for a Polish l).
_TURKISH, _CENTRAL, FEW_SIGNS = frozenset("ýðþÝÞÐ"), frozenset("³¹¿\u0153\u0178£¥\xaf\u0152\x9f\u017e\u0161"), 0.2
_CONTROLS = tuple(code for code in range(32) if code not in (9, 10, 12, 13, 27))
_WIDE = {
    b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16",
}  # fmt: skip


def as_utf8(content: bytes, name: str, encoding: str | None) -> tuple[bytes, list[Finding]]:
    """Return the content in UTF-8, without a mark in front, and what was guessed.

    Raises UserError for what is no text.
    """
    if encoding is not None:
        try:
            return _utf8(content.decode(encoding)), []
        except LookupError:
            raise UserError(f"No encoding is called {encoding!r}; utf-8, cp1252, gbk and shift_jis are some.") from None
        except UnicodeDecodeError as problem:
            raise UserError(
                f"{name!r} is not written in {encoding} (at byte {problem.start:,}); try another --encoding."
            ) from problem
    wide = next((found for mark, found in _WIDE.items() if content.startswith(mark)), None)
    if wide is not None:
        try:
            return _utf8(content.decode(wide)), []
        except UnicodeDecodeError as problem:
            raise UserError(
                f"{name!r} begins as {wide} and is broken at byte {problem.start:,}; save it as UTF-8."
            ) from problem
    content = content.removeprefix(b"\xef\xbb\xbf").rstrip(b"\x00\x1a")
    if is_binary(content[:SAMPLE_BYTES]):
        raise UserError(f"{name!r} holds binary data, not text; give a table as text, or a file of a known format.")
    if is_utf8(content):
        return content, list(garbled(content))
    if (mix := _mixed(content)) is not None:
        return mix
    text = content.decode("utf-8", errors="replace")
    if (broken := text.count("\ufffd")) * MANY_LETTERS <= sum(map(len, _LETTERS.findall(text))):
        example = re.search(r"\w*\ufffd\w*", text)
        return _utf8(text), [
            Finding(
                "R05", "warning", f"{broken:,} of its letters are not UTF-8, as the rest of the file is, in "
                f"{example and shortened(example[0], 40)!r}; they were read as a sign of their own.",
                "Save the file again as UTF-8 from where it came from.", {"letters": broken},
            )
        ]  # fmt: skip
    taken = _guessed(content[:SAMPLE_BYTES])
    try:
        text = content.decode(taken)
    except UnicodeDecodeError:
        # Bytes that no Western text has: it is another, or none of the known.
        taken = next(
            (each for each in (_foreign(content[:SAMPLE_BYTES]), *FALLBACKS) if _decodes(content, each)), "latin-1"
        )
        text = content.decode(taken)
    finding = Finding(
        "R05", "info", f"The file is not UTF-8; it was read as {taken}.",
        "Check names with letters beyond a to z; if they look wrong, say --encoding.", {"encoding": taken},
    )  # fmt: skip
    return _utf8(text), [finding]


def _mixed(content: bytes) -> tuple[bytes, list[Finding]] | None:
    """Read a text of which some lines are UTF-8 and some are not, as where files were put together; None for others.

    Bytes of Western letters are never UTF-8 by chance; two of another alphabet may be, so that more is asked of those.
    """
    lines = content.split(b"\n")
    told, other = [], []
    for place, line in enumerate(lines):
        if not line.isascii():
            text = line.decode("utf-8", errors="replace")
            good, broken = sum(map(len, _LETTERS.findall(text))), text.count("\ufffd")
            if not broken:
                told.append(good)
            elif broken > good:
                other.append(place)
    if not told or not other:
        return None
    taken = _guessed(b"\n".join(lines[place] for place in other)[:SAMPLE_BYTES])
    few = len(told) < FEWEST_MIXED * len(other) or sum(told) < LETTERS_MIXED * len(told)
    if (few and taken not in _LATIN) or not all(_decodes(lines[place], taken) for place in other):
        return None
    for place in other:
        lines[place] = lines[place].decode(taken).encode("utf-8", errors="replace")
    return _utf8(b"\n".join(lines).decode("utf-8", errors="replace")), [
        Finding(
            "R05", "warning",
            f"The file is a mix: {counted(len(told), 'line')} of it {'is' if len(told) == 1 else 'are'} UTF-8, and "
            f"{counted(len(other), 'line')} {'is' if len(other) == 1 else 'are'} not, and read as {taken}.",
            "Check names with letters beyond a to z in both, and save the file as UTF-8; if it is one, say --encoding.",
            {"encoding": taken, "lines": len(other), "unicode": len(told)},
        )
    ]  # fmt: skip


def is_binary(head: bytes) -> bool:
    """Tell whether a file that begins so is none of text."""
    codes = np.frombuffer(head, dtype=np.uint8)
    return bool((codes == 0).any() or np.isin(codes, _CONTROLS).mean() > 0.002)


def garbled(content: bytes) -> Iterator[Finding]:
    """Tell of a text that was UTF-8, was read as Western letters, and written as UTF-8 again, or lost letters so."""
    text = content[:SAMPLE_BYTES].decode("utf-8", errors="ignore")
    if "\ufffd" in text:
        yield Finding(
            "R05", "warning", "Letters were lost before the file was saved: it has the sign that stands for a letter "
            "that cannot be read.", "Save the file again from where it came from.", {},
        )  # fmt: skip
    for found, _ in zip(_GARBLED.finditer(text), range(LOOKED_AT), strict=False):
        before = re.search(r"\w*$", text[max(0, found.start() - WORD) : found.start()])
        behind = _AROUND.match(text[found.end() : found.end() + WORD])
        word = f"{before and before[0]}{found[0]}{behind and behind[0]}"
        try:
            meant = word.encode(WESTERN).decode("utf-8")
        except UnicodeError:
            continue
        yield Finding(
            "R05", "warning",
            f"Letters look as if the file had been saved in a wrong encoding: {word!r} may mean {meant!r}.",
            "Save the file again as UTF-8 from where it came from.", {"example": word, "meant": meant},
        )  # fmt: skip
        return


def _guessed(sample: bytes) -> str:
    """Guess how a text that is not UTF-8 is written.

    Letters beyond a to z stand by themselves in languages of Latin letters and in rows in all others; which of those it
    is charset-normalizer can tell.
    """
    runs = re.findall(rb"[\x80-\xff]+", sample)
    western = b"".join(runs).decode(WESTERN, errors="replace")
    usual = sum(letter.islower() or letter in _USUAL for letter in western) > USUAL_SHARE * len(western)
    if not runs or (usual and sum(map(len, runs)) / len(runs) < LONG_RUN):
        return _neighbour(western)
    pairs = [run[place : place + 2] for run in runs for place in range(0, len(run), 2)]
    if all(len(pair) == 2 and 0xB0 <= pair[0] <= 0xD7 for pair in pairs) and any(pair[0] >= 0xC9 for pair in pairs):
        return "gb18030"  # all of them common Chinese characters, of which some are none of Korean's syllables
    return _foreign(sample) or WESTERN


def _foreign(sample: bytes) -> str:
    best = from_bytes(sample, cp_isolation=list(FOREIGN)).best()
    return "" if best is None else best.encoding


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _neighbour(western: str) -> str:
    """Return how a text in Latin letters is written: Turkish and Central European letters are signs in Western ones."""
    turkish, central = (sum(letter in signs for letter in western) for signs in (_TURKISH, _CENTRAL))
    if turkish > central and not any(letter in "áíúæ" for letter in western):
        return "cp1254"
    return "cp1250" if central and central >= FEW_SIGNS * len(western) else WESTERN


def _utf8(text: str) -> bytes:
    return text.removeprefix("\ufeff").encode("utf-8", errors="replace")


def is_utf8(content: bytes | np.ndarray) -> bool:
    """Tell whether bytes are a text in UTF-8, where they are: Python would make a text of them first."""
    ends = pa.py_buffer(np.array([0, len(content)], dtype=np.int64))
    cells = pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(content)])
    try:
        cells.cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True
