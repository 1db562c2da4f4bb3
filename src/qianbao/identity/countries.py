"""Who issues documents: the codes that machine-readable zones print, and their names.

States are ISO 3166-1 alpha-3; ICAO Doc 9303 part 3, section 5, adds the codes below. All of them:
a passport whose issuer is missing here would be refused.
"""

from __future__ import annotations

from functools import cache

from babel import Locale
from iso3166 import countries_by_alpha3

OTHERS: dict[str, tuple[str, str]] = {
    "D": ("Germany", "德国"),
    "EUE": ("European Union", "欧洲联盟"),
    "GBD": ("British Overseas Territories Citizen", "英国海外领土公民"),
    "GBN": ("British National (Overseas)", "英国国民（海外）"),
    "GBO": ("British Overseas Citizen", "英国海外公民"),
    "GBP": ("British Protected Person", "受英国保护人士"),
    "GBS": ("British Subject", "英国属民"),
    "RKS": ("Kosovo", "科索沃"),
    "UNA": ("United Nations, specialized agency", "联合国专门机构"),
    "UNK": ("United Nations Interim Administration Mission in Kosovo", "联合国科索沃特派团"),
    "UNO": ("United Nations", "联合国"),
    "UTO": ("Utopia (ICAO's specimens)", "乌托邦（国际民航组织样本）"),
    "XBA": ("African Development Bank", "非洲开发银行"),
    "XCC": ("Caribbean Community", "加勒比共同体"),
    "XCE": ("Council of Europe", "欧洲委员会"),
    "XCO": ("Common Market for Eastern and Southern Africa", "东部和南部非洲共同市场"),
    "XDC": ("Southern African Development Community", "南部非洲发展共同体"),
    "XEC": ("Economic Community of West African States", "西非国家经济共同体"),
    "XES": ("Organization of Eastern Caribbean States", "东加勒比国家组织"),
    "XIM": ("African Export-Import Bank", "非洲进出口银行"),
    "XMP": ("Parliamentary Assembly of the Mediterranean", "地中海议会大会"),
    "XOM": ("Sovereign Military Order of Malta", "马耳他骑士团"),
    "XPO": ("Interpol", "国际刑警组织"),
    "XXA": ("Stateless person", "无国籍人"),
    "XXB": ("Refugee (1951 Convention)", "难民（1951 年公约）"),
    "XXC": ("Other refugee", "其他难民"),
    "XXX": ("Country not stated", "国家或地区未注明"),
}
"""Code: name in English and in Chinese."""


def is_country(code: str) -> bool:
    """Whether a document may print `code` (capitals, no fillers): an issuer or a nationality."""
    return code in OTHERS or code in countries_by_alpha3


def all_codes() -> list[str]:
    """Every code that a document may print."""
    return [*countries_by_alpha3, *OTHERS]


@cache
def country_name(code: str, language: str) -> str:
    """The name in `en` or `zh`; a code without a name is given back as it is."""
    if code in OTHERS:
        return OTHERS[code][language == "zh"]
    found = countries_by_alpha3.get(code)
    names = Locale("zh" if language == "zh" else "en").territories
    return str(names.get(found.alpha2, code)) if found else code
