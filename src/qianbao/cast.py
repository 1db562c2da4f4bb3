"""The people of the demo, and of the stories told in tests. Nobody here is real."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from qianbao.banks.directory import get_bank
from qianbao.clock import OPERATOR_ZONE
from qianbao.identity.mrz import write_td3
from qianbao.names import LegalName, from_fields, from_mrz, write

PIN = "270415"
OPERATOR_PASSWORD = "steady-lantern-27"  # noqa: S105 - the demo's, shown on its first page

LONG_AGO = datetime(2026, 6, 1, 9, 0, tzinfo=OPERATOR_ZONE)
"""When the cast signed up."""

TODAY = datetime(2026, 12, 20, 9, 0, tzinfo=OPERATOR_ZONE)
"""Where the demo's clock starts: two-banks is announced and warned about, not yet enforced."""

TWO_BANKS_ENFORCED = datetime(2027, 1, 15, 9, 0, tzinfo=OPERATOR_ZONE)
"""The morning on which two-banks is in force."""


class Passport(msgspec.Struct, frozen=True):
    """A passport as its holder has it; the MRZ is derived."""

    surname: str
    given: str
    number: str
    country: str
    birth_date: date
    sex: str
    valid_until: date

    @property
    def legal_name(self) -> LegalName:
        """The name as printed in the passport."""
        return from_fields(self.surname, self.given)

    @property
    def name_in_registers(self) -> str:
        """Surname first, in the letters of the machine-readable lines."""
        name = from_mrz(self.mrz.splitlines()[0][5:])
        return f"{name.surname} {name.given}"

    @property
    def mrz(self) -> str:
        """The two machine-readable lines."""
        lines = write_td3(
            self.legal_name,
            number=self.number,
            issuing_country=self.country,
            nationality=self.country,
            birth_date=self.birth_date,
            sex=self.sex,
            valid_until=self.valid_until,
        )
        return "\n".join(lines)


class BankCard(msgspec.Struct, frozen=True):
    """A card in somebody's purse, and what its bank holds about them."""

    bank: str
    number: str
    balance_minor: int
    document_number: str
    linked: bool = True

    @property
    def last_four(self) -> str:
        """The end of the number, as screens show it."""
        return self.number[-4:]


class Person(msgspec.Struct, frozen=True):
    """One of the cast."""

    name: str
    phone: str
    passport: Passport
    cards: tuple[BankCard, ...]
    story_en: str
    story_zh: str
    occupation: str = ""
    address: str = ""
    top_up_minor: int = 0
    mandates: int = 0
    pay_score: bool = False
    earlier_passport: Passport | None = None

    def printed_name(self, bank: str) -> str:
        """How that bank prints the name."""
        return write(self.passport.legal_name, get_bank(bank).name)


def _passport(
    surname: str, given: str, number: str, country: str, born: date, sex: str, until: date
) -> Passport:
    return Passport(surname, given, number, country, born, sex, until)


_ANNA = _passport("Müller", "Anna", "C01X00T47", "D", date(1990, 4, 12), "F", date(2031, 3, 8))
_BEN = _passport("Carter", "Ben", "533380006", "GBR", date(1986, 9, 30), "M", date(2030, 7, 1))
_CHIARA_OLD = _passport(
    "Rossi", "Chiara", "YA1234567", "ITA", date(1993, 2, 3), "F", date(2026, 9, 30)
)
_CHIARA = _passport("Rossi", "Chiara", "YB7654321", "ITA", date(1993, 2, 3), "F", date(2036, 9, 14))
_DENG = _passport("Deng", "Weiming", "K7654321A", "SGP", date(1979, 11, 5), "M", date(2029, 5, 20))
_TARO = _passport("Yamada", "Taro", "TR1234567", "JPN", date(1988, 1, 9), "M", date(2033, 12, 1))

CAST: tuple[Person, ...] = (
    Person(
        name="Anna Müller",
        phone="+8613800138001",
        passport=_ANNA,
        cards=(
            BankCard("ICBC", "6222020000000012344", 2_000_000, _ANNA.number),
            BankCard("BOC", "6216610000000012342", 500_000, _ANNA.number, linked=False),
        ),
        top_up_minor=320_000,
        mandates=2,
        pay_score=True,
        story_en="German passport, one ICBC card linked; a Bank of China card in her purse.",
        story_zh="德国护照，已绑一张工行卡；另有一张中行卡尚未绑定。",
        occupation="Engineer",
        address="12 Kejia Road, Chengdu",
    ),
    Person(
        name="Ben Carter",
        phone="+8613800138002",
        passport=_BEN,
        cards=(BankCard("ICBC", "6222020000000022343", 900_000, _BEN.number),),
        top_up_minor=150_000,
        mandates=2,
        pay_score=True,
        story_en="British passport, one ICBC card, no account anywhere else.",
        story_zh="英国护照，只有一张工行卡，没有其他银行账户。",
        occupation="English teacher",
        address="8 Zhongshan Road, Hangzhou",
    ),
    Person(
        name="Chiara Rossi",
        phone="+8613800138003",
        passport=_CHIARA,
        earlier_passport=_CHIARA_OLD,
        cards=(
            BankCard("BOC", "6216610000000032340", 700_000, _CHIARA.number),
            BankCard("ICBC", "6222020000000032342", 400_000, _CHIARA_OLD.number, linked=False),
        ),
        top_up_minor=80_000,
        story_en="Italian passport, renewed in autumn; ICBC still holds the old number.",
        story_zh="意大利护照，秋天换发；工行仍登记旧号码。",
        occupation="Cook",
        address="35 Wukang Road, Shanghai",
    ),
    Person(
        name="Deng Weiming",
        phone="+8613800138004",
        passport=_DENG,
        cards=(
            BankCard("ICBC", "6222020000000042341", 600_000, _DENG.number),
            BankCard("ICBC", "6222020000000052340", 300_000, _DENG.number),
        ),
        top_up_minor=120_000,
        story_en="Singaporean passport, two cards, both ICBC: one channel.",
        story_zh="新加坡护照，两张卡都是工行：只算一个渠道。",
        occupation="Shop manager",
        address="101 Siming South Road, Xiamen",
    ),
    Person(
        name="Taro Yamada",
        phone="+8613800138005",
        passport=_TARO,
        cards=(
            BankCard("BOC", "6216610000000062347", 800_000, _TARO.number),
            BankCard("CCB", "6217000000000062343", 800_000, _TARO.number),
        ),
        top_up_minor=50_000,
        story_en="Japanese passport, cards of two banks: nothing stands in his way.",
        story_zh="日本护照，绑定两家银行：一切正常。",
        occupation="Student",
        address="5 Yiheyuan Road, Beijing",
    ),
)


class Shop(msgspec.Struct, frozen=True):
    """A merchant of the demo. Its API key is shown on the demo's first page; it guards play money
    only."""

    merchant_id: str
    name_en: str
    name_zh: str
    api_key: str
    plan_en: str = ""
    plan_zh: str = ""
    per_charge_minor: int = 0

    @property
    def plan_id(self) -> str:
        """The mandate plan it offers."""
        return "pln" + self.merchant_id[3:]


SHOPS: tuple[Shop, ...] = (
    Shop("mch_00000000000metr0pass", "Metro Pass", "地铁通", "demo-metro-pass-key",
         "Rides, paid as you leave the station", "地铁乘车，出站自动扣费", 5_000),
    Shop("mch_000000000n1ghtk1tchn", "Night Kitchen", "夜厨外卖", "demo-night-kitchen-key",
         "Monthly delivery membership", "外卖会员按月自动续费", 3_000),
    Shop("mch_0000000000b1eb1cyc1e", "Blue Bike", "蓝单车", "demo-blue-bike-key"),
    Shop("mch_0000000000greenteahs", "Green Tea House", "绿茶馆", "demo-green-tea-key"),
)  # fmt: skip

OPERATORS = ("wei", "lin")
