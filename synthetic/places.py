"""Made-up banks and the real regions (ISO 3166-2) that the people of a world live in. Holds constants only.

Bank names and codes exist nowhere; BIC-like codes carry a digit where a real one has a location letter.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bank:
    """One made-up bank: its number at the FIU, BIC-like code, name, home country and share of that country."""

    code: int
    bic: str
    name: str
    country: str
    city: str
    region: str
    weight: float


@dataclass(frozen=True)
class Region:
    """One region: ISO 3166-2 code, country, main city and its share of all people with an account."""

    code: str
    country: str
    city: str
    weight: float


BANKS = (
    Bank(101, "SVLURU00", "АО «Северный Луч Банк»", "RU", "Москва", "RU-MOW", 0.36),
    Bank(102, "OMKRRU01", "ПАО «Омь-Кредит»", "RU", "Омск", "RU-OMS", 0.26),
    Bank(103, "URMSRU02", "АО «Уральский Мост»", "RU", "Екатеринбург", "RU-SVE", 0.22),
    Bank(104, "OBZBRU03", "ООО «Обь-Запад Банк»", "RU", "Новосибирск", "RU-NVS", 0.16),
    Bank(105, "DALAKZ04", "АО «Дала Капитал Банк»", "KZ", "Алматы", "KZ-ALA", 1.0),
    Bank(106, "TEMRKG05", "ОАО «Темир Жол Банк»", "KG", "Бишкек", "KG-GB", 1.0),
    Bank(107, "ZARTTJ06", "ЗАО «Зарафшон Тиджорат»", "TJ", "Душанбе", "TJ-DU", 1.0),
    Bank(108, "CHRSUZ07", "АКБ «Чорсу Бизнес»", "UZ", "Ташкент", "UZ-TK", 1.0),
)

REGIONS = (
    Region("RU-MOW", "RU", "Москва", 0.20),
    Region("RU-OMS", "RU", "Омск", 0.17),
    Region("RU-SVE", "RU", "Екатеринбург", 0.15),
    Region("RU-NVS", "RU", "Новосибирск", 0.14),
    Region("RU-SPE", "RU", "Санкт-Петербург", 0.05),
    Region("KZ-ALA", "KZ", "Алматы", 0.05),
    Region("KZ-AST", "KZ", "Астана", 0.04),
    Region("KZ-PAV", "KZ", "Павлодар", 0.03),
    Region("KG-GB", "KG", "Бишкек", 0.03),
    Region("KG-O", "KG", "Ош", 0.02),
    Region("TJ-DU", "TJ", "Душанбе", 0.03),
    Region("TJ-KT", "TJ", "Бохтар", 0.02),
    Region("UZ-TK", "UZ", "Ташкент", 0.03),
    Region("UZ-SA", "UZ", "Самарканд", 0.02),
    Region("BY-HM", "BY", "Минск", 0.02),
)

COUNTRIES = ("RU", "KZ", "KG", "TJ", "UZ", "BY")
# People of Belarus keep their accounts at a bank that is at home in Russia: the world has no bank there.
BANK_COUNTRY = {"BY": "RU"}
PHONE_PREFIX = {"RU": "7", "KZ": "7", "KG": "996", "TJ": "992", "UZ": "998", "BY": "375"}
STREETS = ("ул. Садовая", "ул. Мира", "пр. Абая", "ул. Рудаки", "ул. Навои", "ул. Ленина", "ул. Заречная", "пр. Победы")
