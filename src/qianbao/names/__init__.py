"""Names: parse a legal name, write it as a bank would, compare two. Pure; knows no bank's data.

`legal` takes a name apart, `write` prints it, `compare` says whether two are one person's.
"""

from qianbao.names.compare import NameComparison, compare
from qianbao.names.legal import (
    LegalName,
    NameCharacter,
    NameEmpty,
    NameFieldCharacter,
    NameNotChinese,
    NameTitle,
    NameTooLong,
    display,
    from_chinese,
    from_fields,
    from_mrz,
    in_characters,
    parted,
)
from qianbao.names.write import NameForm, NameProfile, forms, mrz_field, write

__all__ = [
    "LegalName",
    "NameCharacter",
    "NameComparison",
    "NameEmpty",
    "NameFieldCharacter",
    "NameForm",
    "NameNotChinese",
    "NameProfile",
    "NameTitle",
    "NameTooLong",
    "compare",
    "display",
    "forms",
    "from_chinese",
    "from_fields",
    "from_mrz",
    "in_characters",
    "mrz_field",
    "parted",
    "write",
]
