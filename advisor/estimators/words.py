"""A text as its words and signs, as every net that reads words takes it apart."""

from __future__ import annotations

import re
from itertools import islice

# Letters of languages that put no blanks between words: Chinese, Japanese, and Thai, Lao, Burmese and Khmer.
_HAN, _KANA = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f", "\u3040-\u30ff"
_SOUTHEAST = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
UNSPACED = _HAN + _KANA + _SOUTHEAST
# A letter of such a language, a word, or a sign (":", ")" and "🙂" are signs).
TOKEN = re.compile(f"[{UNSPACED}]|\\w+|[^\\w\\s]")
# Of about so many of these letters a word is made there; and a picture of a face or thing says as much as a word.
_WORDS_WITHOUT_BLANKS = tuple(
    (re.compile(f"[{letters}]"), size)
    for letters, size in ((_HAN, 2), (_KANA, 4), (_SOUTHEAST, 5), ("\u2600-\u27bf\U0001f300-\U0001faff", 1))
)
# Words of a text that are looked at, at most: what stands further back is not read.
READ = 2_000


def words_of(text: str) -> list[str]:
    """Return the words and signs of a text in their order, in small letters; what stands behind READ of them is left.

    >>> words_of("Don't PANIC :)  你好")
    ['don', "'", 't', 'panic', ':', ')', '你', '好']
    """
    return [found.group() for found in islice(TOKEN.finditer(text.casefold()), READ)]


def count_words(text: str) -> int:
    """Return about how many words a text has, also where its language puts no blanks between them.

    >>> count_words("two words"), count_words("服务热情、味道不错"), count_words("山田 太郎")
    (2, 5, 2)
    """
    count = 0.0
    if not text.isascii():
        for letters, size in _WORDS_WITHOUT_BLANKS:
            text, found = letters.subn(" ", text)
            count += found / size
    return len(text.split()) + int(count)
