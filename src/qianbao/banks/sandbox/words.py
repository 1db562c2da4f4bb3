"""The sandbox pages' words in both languages."""

from __future__ import annotations

from qianbao.errors import Language

WORDS: dict[str, tuple[str, str]] = {
    "title": ("Sandbox", "模拟环境"),
    "intro": (
        "Simulated banks and phones. No money here is real.",
        "模拟的银行和手机，这里的资金都不是真实的。",
    ),
    "phone": ("Phone", "手机"),
    "phone_about": ("Every text message that arrived.", "查看收到的所有短信。"),
    "phones": ("Phones with messages", "有短信的手机"),
    "phone_number": ("Phone number", "手机号"),
    "open": ("Open", "打开"),
    "message": ("message", "条短信"),
    "messages": ("messages", "条短信"),
    "no_messages": (
        "No messages yet. This page looks again by itself.",
        "暂无短信，页面会自动刷新。",
    ),
    "no_phones": ("No phone has a message yet.", "暂无手机收到短信。"),
    "counter": ("Bank counter", "银行柜台"),
    "counter_about": (
        "Have a name, a document number or a phone corrected, as at a branch.",
        "像在网点一样更正姓名、证件号码或手机号。",
    ),
    "newcomer": ("Newcomer", "新用户"),
    "newcomer_about": (
        "Not one of the cast? Get a specimen passport, a bank account and a card to try it with.",
        "不是演示人物？可在此领取样本护照，并开立银行账户和银行卡。",
    ),
    "passport_lines": ("The passport's two lines", "护照机读码（两行）"),
    "newcomer_next": (
        "Sign up in the wallet with this phone number. Its text messages arrive here:",
        "请用该手机号在钱包中注册，短信会发送到这里：",
    ),
    "surname": ("Surname", "姓"),
    "given": ("Given names", "名"),
    "newcomer_document": (
        "Document number, for another bank with the same passport",
        "证件号码（用同一本护照在其他银行开户时填写）",
    ),
    "open_account": ("Open an account", "开户"),
    "choose_bank": ("Bank", "银行"),
    "find": ("Card number or phone", "卡号或手机号"),
    "search": ("Find", "查找"),
    "no_customers": ("This bank has no such customer.", "该银行没有这样的客户。"),
    "printed_name": ("Name as the bank prints it", "银行登记姓名"),
    "document_kind": ("Kind of document", "证件类型"),
    "passport": ("Passport", "护照"),
    "resident_id": ("Resident ID", "居民身份证"),
    "permanent_residence": ("Permanent-residence card", "外国人永久居留身份证"),
    "residence_permit": ("Residence permit", "港澳台居民居住证"),
    "travel_permit": ("Travel permit", "来往内地通行证"),
    "document_number": ("Document number", "证件号码"),
    "card": ("Card", "银行卡"),
    "cards": ("Cards", "银行卡"),
    "balance": ("Balance", "余额"),
    "save": ("Save", "保存"),
    "saved": ("The bank's records are corrected.", "银行登记信息已更正。"),
    "faults": ("Faults", "故障"),
    "faults_about": ("Make a bank fall silent or refuse.", "让某家银行无响应或拒绝。"),
    "none": ("Works", "正常"),
    "silent_before": ("Silent, nothing done", "无响应，未办理"),
    "silent_after": ("Silent, but done", "已办理，无响应"),
    "refuse": ("Refuses", "拒绝"),
    "back": ("Back", "返回"),
    "switch": ("中文", "English"),
}


def word(key: str, language: Language) -> str:
    """The word in that language; a KeyError when a template asks for one that is not there."""
    return WORDS[key][1 if language == "zh" else 0]
