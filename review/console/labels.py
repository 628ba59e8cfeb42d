"""What codes are called on screens: themes, dispositions, reasons, classes, steps, facts, typologies.

English here, Russian in the catalogue of translations; typologies bring both languages themselves.
"""

from functools import cache

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from features import catalog
from features import typology as typologies
from review.reasons import ACCOUNT_ANOMALY, ACCOUNT_RISK

THEMES = {
    "DRUG-SYN": _("synthetic drugs"),
    "DRUG-OPI": _("opiates"),
    "DRUG-PREC": _("precursors"),
    "DRUG-SHOP": _("online drug shops"),
    "CORR": _("corruption"),
    "FRAUD-CYBER": _("online fraud"),
    "TAX-CASHOUT": _("cash-out and tax"),
    "TRADE": _("trade"),
    "TF": _("financing of terrorism"),
    "PF": _("financing of proliferation"),
    "VA": _("virtual assets"),
    "OTHER": _("other themes"),
}
RANK_CLASSES = {
    "0": _("statutory clock, or financing of terrorism or proliferation"),
    "1": _("live operation, or service time run out"),
    "2": _("by value per minute"),
    "3": _("one of the oldest that nobody has read"),
    "R": _("random sample"),
    "-": _("below the cut"),
}
RANK_CLASS_WORDS = {
    "0": _("A statutory clock, or financing of terrorism or proliferation: before everything else."),
    "1": _("A live operation, or the service time has run out: before what is ordered by value."),
    "2": _("Ordered by value per minute: risk, harm, freshness and links, for each minute that reading takes."),
    "3": _("One of the oldest that nobody has read: a part of the list is kept for them."),
    "R": _("Drawn at random from below the cut, to see what the order misses."),
}
"""What a class of the day's list means, for whoever meets its sign for the first time."""
QUEUE_VIEWS = {
    "today": _("Today"),
    "below": _("Below the cut"),
    "mine": _("In my hands"),
    "away": _("Away"),
    "closed": _("Closed"),
}
CASE_GOALS = {
    "approved": _("dissemination"),
    "closed_unsent": _("closing without dissemination"),
}
"""What is proposed for a case, by the state that it leads to."""
DISPOSITIONS = {
    "D1": _("disseminated, new"),
    "D2": _("added to a dissemination"),
    "D3": _("confirmed, below national priority"),
    "D4": _("valuable, not confirmed"),
    "D5": _("explained: a lawful reason"),
    "D6": _("data error"),
    "D7": _("typology too wide"),
    "D8": _("out of mandate"),
    "D9": _("data could not be had"),
    "D10": _("closed unreviewed"),
}
REASONS = {
    "salary": _("salary"),
    "merchant": _("merchant"),
    "family": _("family"),
    "property": _("property"),
    "business_cycle": _("business cycle"),
    "refund": _("refund"),
    "charity": _("charity"),
    "other": _("other: see the text"),
    "wrong_person": _("wrong person"),
    "duplicate": _("duplicate"),
    "currency": _("currency"),
    "parser": _("misread report"),
    "threshold": _("threshold too low"),
    "pattern": _("pattern too general"),
    "population": _("usual among such accounts"),
    "supervisor": _("passed to the supervisor"),
    "tax": _("passed to the tax service"),
    "no_answer": _("no answer"),
    "abroad": _("data lie abroad"),
    "expired": _("kept no longer"),
}
WAKE_EVENTS = {
    "new_report": _("a new report names the subject"),
    "new_hit": _("another typology finds it"),
    "new_flow": _("new money flows"),
    "agency_request": _("an agency asks about it"),
}
ACTIONS = {
    "enqueue": _("put into the queue"),
    "claim": _("taken"),
    "read": _("read"),
    "release": _("given back"),
    "close": _("closed"),
    "propose": _("decision proposed"),
    "approve": _("decision approved"),
    "approve_deferral": _("deferral approved"),
    "send_back": _("decision returned"),
    "defer": _("deferred"),
    "wake": _("woken"),
    "ask": _("information asked for"),
    "answer": _("answer entered"),
    "answer_late": _("answer to an older question entered"),
    "time_out": _("answer did not come in time"),
    "escalate": _("escalated"),
    "take_escalated": _("taken by a senior analyst"),
    "mark": _("urgency marked"),
    "link": _("put into a case"),
    "unlink": _("taken out of a case"),
    "reopen": _("reopened"),
    "expire": _("closed unreviewed by the system"),
    "close_with_case": _("closed with its case"),
}
FACTS = {
    "name": pgettext_lazy("fact", "name"),
    "kind": pgettext_lazy("fact", "kind"),
    "birth_date": _("born on"),
    "national_id": _("national number"),
    "id_number": _("identity document"),
    "passport_number": _("passport"),
    "passport_country": _("passport of"),
    "tax_number": _("tax number"),
    "incorporation_number": _("registration number"),
    "incorporation_country": _("registered in"),
    "incorporated_on": _("registered on"),
    "legal_form": _("legal form"),
    "phone": _("phone"),
    "email": _("e-mail"),
    "address": _("address"),
    "city": _("city"),
    "territory": pgettext_lazy("fact", "territory"),
    "country": _("country"),
    "residence": _("residence"),
    "occupation": _("occupation"),
    "account_number": _("account number"),
    "iban": _("IBAN"),
    "institution_name": _("institution"),
    "institution_code": _("institution's code"),
    "branch": _("branch"),
    "currency": pgettext_lazy("fact", "currency"),
    "account_name": _("account's name"),
    "account_type": _("account type"),
    "opened_on": _("opened on"),
    "closed_on": _("closed on"),
    "balance": _("balance"),
    "balance_at": _("balance as of"),
    "status_code": _("status"),
    "client_number": _("client number"),
    "beneficiary": _("beneficiary"),
}
PARTS = {
    "from": pgettext_lazy("part", "payer"),
    "to": pgettext_lazy("part", "receiver"),
    "involved": pgettext_lazy("part", "involved"),
    "conductor": pgettext_lazy("part", "who carried it out"),
    "signatory": pgettext_lazy("part", "signatory"),
    "director": pgettext_lazy("part", "director"),
    "holder": pgettext_lazy("part", "holder"),
    "related": pgettext_lazy("part", "related"),
    "reporter": pgettext_lazy("part", "reporter"),
    "subject": pgettext_lazy("part", "subject"),
}
CHANNELS = {
    "card": _("card"),
    "cash": _("cash"),
    "transfer": _("transfer"),
    "wire": _("wire transfer"),
    "wallet": _("wallet"),
    "crypto": _("virtual assets"),
    "cheque": _("cheque"),
    "remittance": _("money transfer"),
    "other": _("another way"),
}
NODE_KINDS = {
    "account": _("account"),
    "person": pgettext_lazy("node", "person"),
    "entity": _("entity"),
    "party": _("party"),
}
REPORT_CLASSES = {
    "suspicion": _("reports of suspicion"),
    "threshold": _("threshold reports"),
    "transfer": _("reports of transfers"),
    "information": _("further information"),
    "data": _("data"),
}
_OWN_SCORES = {
    ACCOUNT_RISK: _("the account's own risk"),
    ACCOUNT_ANOMALY: _("the account's unusual behaviour as a whole"),
}
MISSING = {
    "allow_list": _("subjects known to be lawful"),
    "device_links": _("devices, addresses and phones behind accounts"),
    "kin_links": _("family and everyday ties"),
    "cash_declarations": _("cash declarations at the border"),
    "declared_incomes": _("declared incomes"),
    "places": _("places of terminals, branches and markets"),
    "price_bands": _("usual prices of drugs"),
    "customs_declarations": _("customs declarations"),
    "partner_trade": _("partner countries' trade data"),
    "wallet_labels": _("labels of wallets"),
    "agency_list": _("agencies' lists and seizures"),
    "company_registry": _("the register of companies"),
}


def feature(code: str, language: str) -> str:
    """What a reason of the model is about; the code where the catalogue no longer has it."""
    if code in _OWN_SCORES:
        return str(_OWN_SCORES[code])
    try:
        known = catalog.feature(code)
    except KeyError:
        return code
    return known.meaning_ru if language == "ru" else known.meaning_en


def indicator(code: str, language: str) -> str:
    """What an indicator of a report means; the code where no list knows it."""
    words = settings.INDICATORS.get(code)
    return words[language] if words else code


def theme_of(code: str) -> str:
    """The theme that the catalogue gives a typology; empty where the catalogue no longer has it."""
    return _themes().get(code, "")


@cache
def _themes() -> dict[str, str]:
    return {item.id: item.theme for item in typologies.catalogue()}


def typology(code: str, language: str) -> str:
    """A typology's name; its code where the catalogue no longer has it."""
    found = _typologies().get(code)
    return code if found is None else found[0] if language == "ru" else found[1]


@cache
def _typologies() -> dict[str, tuple[str, str]]:
    return {item.id: (item.name_ru, item.name_en) for item in typologies.catalogue()}
