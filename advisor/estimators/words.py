"""A text as its words and signs, as every net that reads words takes it apart."""

from __future__ import annotations

import re
from itertools import islice

# A letter of a language that puts no blanks between words, a word, or a sign (":", ")" and "🙂" are signs).
TOKEN = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]|\\w+|[^\\w\\s]")
# Words of a text that are looked at, at most: what stands further back is not read.
READ = 2_000


def words_of(text: str) -> list[str]:
    """Return the words and signs of a text in their order, in small letters; what stands behind READ of them is left.

    >>> words_of("Don't PANIC :)  你好")
    ['don', "'", 't', 'panic', ':', ')', '你', '好']
    """
    return [found.group() for found in islice(TOKEN.finditer(text.casefold()), READ)]
