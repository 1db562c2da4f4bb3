"""A way out followed step by step: each by the API call that it names, at the sandbox's banks, by
the sandbox's clock, and by two operators where an authority decides."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

from stdnum import luhn

from qianbao.banks.directory import get_bank
from qianbao.cast import OPERATORS, PIN, BankCard, Passport, Person
from qianbao.names import write
from tests.kit.person import Caller, Holder
from tests.kit.stack import Stack

DATA = {"occupation": "Translator", "address": "7 Harbour Road, Qingdao"}
BANKS = ("ICBC", "BOC", "CMB", "CCB", "ABC", "COMM")


class Somebody(Holder):
    """A foreigner made up from a seed, who is not in the wallet yet."""

    def __init__(self, stack: Stack, number: int, today: date) -> None:
        self.random = Random(number)
        self.stack = stack
        self.today = today
        phone = f"+86137{number:08d}"
        super().__init__(
            stack, Person(f"Robin {number}", phone, self.made_passport("A"), (), "", "")
        )
        self.passport = self.person.passport
        self.purse: dict[str, BankCard] = {}
        self.tell_registers()

    def made_passport(self, series: str) -> Passport:
        """The first one ("A"), or what the present one is renewed as."""
        letters = "".join(self.random.choices("BCDFGKLMNPRST", k=6)).capitalize()
        surname = letters if series == "A" else self.passport.surname
        number = f"{series}R{self.random.randrange(10**7):07d}"
        until = self.today.replace(day=1, year=self.today.year + 6)
        return Passport(surname, "Robin", number, "NLD", date(1990, 5, 6), "F", until)

    def tell_registers(self) -> None:
        """Immigration and the mobile operator know the present passport."""
        known = {
            "document_number": self.passport.number,
            "names": [self.passport.name_in_registers],
        }
        self.at_bank("/sandbox/registers/immigration", {"document_kind": "passport", **known})
        self.at_bank("/sandbox/registers/mobile", {"phone": self.person.phone, **known})

    def at_bank(self, path: str, body: dict[str, Any]) -> None:
        """One call to the sandbox's banks and registers."""
        answer = self.bank.post(path, json=body)
        assert answer.is_success, answer.text

    def open_account(self, code: str) -> BankCard:
        """At the bank's counter, with the present passport; a card comes with it."""
        bank = get_bank(code)
        prefix, length = bank.bins[0].split("/")
        free = int(length) - len(prefix) - 1
        body = prefix + f"{self.random.randrange(10**free):0{free}d}"
        card = BankCard(code, body + str(luhn.calc_check_digit(body)), 0, self.passport.number)
        self.at_bank("/sandbox/customers", {
            "bank": code, "printed_name": write(self.passport.legal_name, bank.name),
            "document_kind": "passport", "document_number": self.passport.number,
            "phone": self.person.phone, "balance_minor": 50_000_00, "cards": [card.number],
        })  # fmt: skip
        self.purse[code] = card
        return card

    def show_document(self) -> None:
        """The present passport, with what it does not show."""
        shown = {"kind": "passport", "mrz": self.passport.mrz, **DATA}
        self.post("/documents", shown)
        answered = "SELECT cardinality(evidence) = 2 FROM wallets WHERE wallet_id = %s"
        self.stack.wait_for(lambda: self.stack.sql(answered, self.wallet_id))

    def link_at(self, code: str) -> None:
        """Links the card from that bank."""
        card = self.purse.get(code) or self.open_account(code)
        assert self.link(card)["state"] == "linked"

    def pay_in(self, amount_minor: int) -> None:
        """Tops up from the first linked card."""
        order = self.post("/top-ups", self._of_card(amount_minor))
        assert self.settle(order)["state"] == "settled"

    def _of_card(self, amount_minor: int) -> dict[str, Any]:
        card = next(card for card in self.get("/cards") if card["state"] == "linked")
        return {
            "card_id": card["card_id"], "pin": PIN,
            "amount": {"amount_minor": amount_minor, "currency": "CNY"},
        }  # fmt: skip


class Follower:
    """Does what a plan's steps say for somebody; the amount may become smaller on the way."""

    def __init__(self, stack: Stack, who: Somebody, amount_minor: int) -> None:
        self.stack, self.who, self.amount_minor = stack, who, amount_minor

    def follow(self, way: dict[str, Any]) -> None:
        """Every step of `way`, in its order."""
        for step in way["steps"]:
            getattr(self, step["action"])(step["argument"])

    def add_document(self, _argument: str) -> None:
        self.who.show_document()

    def renew_document(self, _argument: str) -> None:
        self.who.today = self.stack.now().date()
        self.who.passport = self.who.made_passport("B")
        self.who.tell_registers()
        self.who.show_document()

    def confirm_data(self, _argument: str) -> None:
        assert self.who.post("/identity-data", {"pin": PIN, **DATA})["missing"] == []

    def open_account(self, bank: str) -> None:
        self.who.open_account(self._bank(bank))

    def update_id_at_bank(self, bank: str) -> None:
        card = self.who.purse[bank]
        changed = {"document_number": self.who.passport.number, "card_number": card.number}
        self.who.at_bank("/sandbox/counter", {"bank": bank, **changed})
        self.who.post(f"/banks/{bank}/document-updates")

    def link_card(self, bank: str) -> None:
        self.who.link_at(self._bank(bank))

    def link_card_to_withdraw(self, bank: str) -> None:
        self.link_card(bank)

    def unlink_card(self, bank: str) -> None:
        cards = [card for card in self._linked() if card["bank"] == bank]
        self.who.delete(f"/cards/{cards[-1]['card_id']}")

    def unlink_cards(self, _count: str) -> None:
        for card in self._linked():
            self.who.delete(f"/cards/{card['card_id']}")

    def withdraw_all(self, _argument: str) -> None:
        card = self._linked()[0]
        order = self.who.post("/withdrawals", {"card_id": card["card_id"], "pin": PIN})
        assert self.who.settle(order)["state"] == "settled"

    def terminate_mandate(self, _count: str) -> None:
        for mandate in self.who.get("/mandates"):
            if mandate["state"] == "active":
                self.who.delete(f"/mandates/{mandate['mandate_id']}")

    def settle_score_orders(self, _count: str) -> None:
        for order in self.who.get("/pay-score/orders"):
            if order["state"] == "created":
                self.who.post(f"/pay-score/orders/{order['score_order_id']}/decline")

    def disable_pay_score(self, _argument: str) -> None:
        self.who.delete("/pay-score")

    def close_wallet(self, _argument: str) -> None:
        self.who.post("/closure", {"pin": PIN})

    def reopen_wallet(self, _argument: str) -> None:
        assert self.who.sign_in()["created"] is True
        self.who.show_document()

    def contact_operator(self, _argument: str) -> None:
        """The authority lifts its order: one operator proposes it, another carries it out."""
        wei, lin = operators(self.stack)
        hold_id = self.stack.sql(
            "SELECT legal_hold_id FROM legal_holds WHERE wallet_id = %s", self.who.wallet_id
        )
        whose = {"wallet_id": self.who.wallet_id}
        lin.post(f"/operator/legal-holds/{hold_id}/propose-lift", whose)
        wei.post(f"/operator/legal-holds/{hold_id}/lift", whose)

    def wait_until(self, instant: str) -> None:
        self.stack.move_clock(datetime.fromisoformat(instant))
        self.who.sign_in()

    def lower_amount(self, amount_minor: str) -> None:
        self.amount_minor = int(amount_minor)

    def _linked(self) -> list[dict[str, Any]]:
        return [card for card in self.who.get("/cards") if card["state"] == "linked"]

    def _bank(self, named: str) -> str:
        """The bank of a step; where it is still to be chosen, one that is not linked."""
        if named in BANKS:
            return named
        known = {code: card.document_number for code, card in self.who.purse.items()}
        linked = {card["bank"] for card in self._linked()}
        fresh = [code for code, number in known.items() if number == self.who.passport.number]
        strange = [code for code in BANKS if code not in known]
        return next(code for code in (*fresh, *strange) if code not in linked)


def operators(stack: Stack) -> tuple[Caller, Caller]:
    """Both operators of the demo, signed in."""

    def sign_in(name: str) -> Caller:
        words = {"name": name, "password": stack.operator_password}
        return Caller(stack.url, Caller(stack.url).post("/operator/session", words)["token"])

    wei, lin = (sign_in(name) for name in OPERATORS)
    return wei, lin
