"""Inert models: files that name what is to be made and hold no code, so that anybody may load them.

`form` writes and reads them, `listed` is who may be in one, `kinds` are those that are made by more than their names.
"""

from advisor.inert.form import NotInert, read, write

__all__ = ["NotInert", "read", "write"]
