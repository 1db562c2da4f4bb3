"""A statement as ISO 20022 camt.053.001.08 (BankToCustomerStatement), for bookkeeping software.

Elements stand in the order of the standard's schema; texts are cut to its lengths. Every entry is
written by itself, so that a long statement never stands in memory twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from qianbao.leaving.history import Transaction
from qianbao.leaving.statement_csv import decimal
from qianbao.leaving.statements import Statement

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
_ISSUER = "QIANBAO"
_MAX_35, _MAX_140, _MAX_500 = 35, 140, 500
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Element = ElementTree.Element


def write_camt053(statement: Statement) -> Iterator[bytes]:
    """The whole document, in pieces."""
    zone = ZoneInfo(statement.time_zone)
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}">\n<BkToCstmrStmt>\n'
    ).encode()
    yield _bytes(_group_header(statement, zone))
    yield b"<Stmt>\n"
    for element in _statement_head(statement, zone):
        yield _bytes(element)
    for line in statement.lines:
        yield _bytes(_entry(line, zone))
    yield b"</Stmt>\n</BkToCstmrStmt>\n</Document>\n"


def _group_header(statement: Statement, zone: ZoneInfo) -> Element:
    header = Element("GrpHdr")
    _add(header, "MsgId", statement.statement_id, _MAX_35)
    _add(header, "CreDtTm", _moment(statement.created_at, zone))
    return header


def _statement_head(statement: Statement, zone: ZoneInfo) -> Iterator[Element]:
    yield _leaf("Id", statement.statement_id, _MAX_35)
    yield _leaf("CreDtTm", _moment(statement.created_at, zone))
    period = Element("FrToDt")
    _add(period, "FrDtTm", _moment(statement.starts_at, zone))
    _add(period, "ToDtTm", _moment(statement.ends_at, zone))
    yield period
    yield _account(statement)
    yield _balance("OPBD", statement.opening_minor, statement.starts_at, statement, zone)
    yield _balance("CLBD", statement.closing_minor, statement.ends_at, statement, zone)
    yield _summary(statement)


def _account(statement: Statement) -> Element:
    account = Element("Acct")
    identification = ElementTree.SubElement(ElementTree.SubElement(account, "Id"), "Othr")
    _add(identification, "Id", statement.wallet_id, 34)
    _add(identification, "Issr", _ISSUER)
    _add(account, "Ccy", statement.currency)
    if statement.holder_name:
        _add(ElementTree.SubElement(account, "Ownr"), "Nm", statement.holder_name, _MAX_140)
    return account


def _balance(
    code: str, amount_minor: int, at: datetime, statement: Statement, zone: ZoneInfo
) -> Element:
    balance = Element("Bal")
    kind = ElementTree.SubElement(ElementTree.SubElement(balance, "Tp"), "CdOrPrtry")
    _add(kind, "Cd", code)
    _amount(balance, amount_minor, statement.currency)
    _add(ElementTree.SubElement(balance, "Dt"), "DtTm", _moment(at, zone))
    return balance


def _summary(statement: Statement) -> Element:
    """Counts and sums, which a reader may check what it read against."""
    summary = Element("TxsSummry")
    currency = statement.currency
    came = sum(1 for line in statement.lines if line.amount_minor > 0)
    total = ElementTree.SubElement(summary, "TtlNtries")
    _add(total, "NbOfNtries", str(len(statement.lines)))
    _add(total, "Sum", decimal(statement.in_minor + statement.out_minor, currency))
    for name, count, amount_minor in (
        ("TtlCdtNtries", came, statement.in_minor),
        ("TtlDbtNtries", len(statement.lines) - came, statement.out_minor),
    ):
        part = ElementTree.SubElement(summary, name)
        _add(part, "NbOfNtries", str(count))
        _add(part, "Sum", decimal(amount_minor, currency))
    return summary


def _entry(line: Transaction, zone: ZoneInfo) -> Element:
    entry = Element("Ntry")
    _add(entry, "NtryRef", line.transaction_id, _MAX_35)
    _amount(entry, line.amount_minor, line.currency)
    _add(ElementTree.SubElement(entry, "Sts"), "Cd", "BOOK")
    _add(ElementTree.SubElement(entry, "BookgDt"), "DtTm", _moment(line.booked_at, zone))
    _add(ElementTree.SubElement(entry, "ValDt"), "DtTm", _moment(line.at, zone))
    _add(entry, "AcctSvcrRef", line.transaction_id, _MAX_35)
    code = ElementTree.SubElement(ElementTree.SubElement(entry, "BkTxCd"), "Prtry")
    _add(code, "Cd", line.kind, _MAX_35)
    _add(code, "Issr", _ISSUER)
    details = ElementTree.SubElement(ElementTree.SubElement(entry, "NtryDtls"), "TxDtls")
    _details(details, line)
    _add(entry, "AddtlNtryInf", f"{line.kind_words.en} {line.kind_words.zh}", _MAX_500)
    return entry


def _details(details: Element, line: Transaction) -> None:
    references = ElementTree.SubElement(details, "Refs")
    _add(references, "EndToEndId", line.reference or "NOTPROVIDED", _MAX_35)
    _add(references, "TxId", line.transaction_id, _MAX_35)
    _amount(details, line.amount_minor, line.currency)
    other = "Dbtr" if line.amount_minor > 0 else "Cdtr"
    related = ElementTree.SubElement(details, "RltdPties")
    party = ElementTree.SubElement(ElementTree.SubElement(related, other), "Pty")
    _add(party, "Nm", f"{line.counterparty.en} / {line.counterparty.zh}", _MAX_140)
    if line.note.strip():
        remittance = ElementTree.SubElement(details, "RmtInf")
        # Text longer than one element takes continues in the next.
        for start in range(0, len(line.note), _MAX_140):
            piece = line.note[start : start + _MAX_140]
            if piece.strip():
                _add(remittance, "Ustrd", piece, _MAX_140)


def _amount(parent: Element, amount_minor: int, currency: str) -> None:
    """The amount without its sign, then which way it went."""
    amount = _add(parent, "Amt", decimal(abs(amount_minor), currency))
    amount.set("Ccy", currency)
    _add(parent, "CdtDbtInd", "DBIT" if amount_minor < 0 else "CRDT")


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def _leaf(name: str, text: str, longest: int = _MAX_500) -> Element:
    element = Element(name)
    element.text = _NOT_XML.sub("\ufffd", text)[:longest]
    return element


def _add(parent: Element, name: str, text: str, longest: int = _MAX_500) -> Element:
    element = _leaf(name, text, longest)
    parent.append(element)
    return element


def _bytes(element: Element) -> bytes:
    text: str = ElementTree.tostring(element, encoding="unicode")
    return text.encode() + b"\n"
