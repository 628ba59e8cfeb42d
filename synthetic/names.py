"""Made-up names of persons and entities in Cyrillic, in six styles, from small lists of common words.

Holds no list taken from elsewhere and no real person: a name is a chance pair of a first name and a surname.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Texts = NDArray[np.object_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Style:
    """First names of men and women, surnames of men, and how a woman's surname is made of a man's."""

    men: tuple[str, ...]
    women: tuple[str, ...]
    surnames: tuple[str, ...]
    feminine: bool = True


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STYLES = {
    "RU": Style(
        _words(
            "Александр Сергей Дмитрий Алексей Иван Михаил Андрей Никита Павел Егор Роман Олег Виктор Юрий Антон Глеб"
        ),
        _words("Анна Елена Ольга Мария Наталья Ирина Татьяна Светлана Дарья Юлия Ксения Полина Вера Алина Марина"),
        _words(
            "Лугов Берёзкин Ручьёв Камышев Полянин Морозкин Ветров Озеров Каменев Зимин Сухов Громов Рябинин Ершов "
            "Лебедев Осокин Ключев Снегирёв Пахомов Тихонов Баранов Гусев Фомин Шилов Черёмухин Холмогоров Ясенев"
        ),
    ),
    "KZ": Style(
        _words("Нұрлан Ерлан Асқар Данияр Айдос Бекзат Тимур Мақсат Руслан Арман Қайрат Жандос Санжар Олжас"),
        _words("Айгүл Әлия Гүлнар Динара Мадина Жанна Айжан Сәуле Камила Асель Томирис Назым"),
        _words(
            "Ахметов Сериков Нурланов Оспанов Касымов Абенов Жумабаев Байжанов Тулегенов Искаков Мусин Сагинтаев "
            "Ермеков Кенжебеков Сатпаев Утегенов"
        ),
    ),
    "KG": Style(
        _words("Бакыт Нурбек Азамат Эрмек Талант Улан Кубат Мирлан Адилет Эльдар Жаныбек Максат"),
        _words("Айгуль Гульзат Нургуль Бегимай Жылдыз Чолпон Айпери Элиза Мээрим Назгуль"),
        _words("Асанов Токтоев Мамытов Осмонов Исаев Абдыкеримов Жороев Бекболотов Турдубаев Кадыров Чыныбаев Сыдыков"),
    ),
    "TJ": Style(
        _words("Фаррух Далер Рустам Шариф Бахтиёр Фирдавс Сухроб Парвиз Джамшед Хуршед Умед Манучехр"),
        _words("Зарина Мадина Нигина Фируза Парвина Шахло Мехринисо Ситора Тахмина Гулнора"),
        _words("Рахмонов Шарипов Назаров Холов Сафаров Курбонов Мирзоев Гафуров Одинаев Бобоев Давлатов Азизов"),
    ),
    "UZ": Style(
        _words("Жасур Бобур Отабек Шерзод Дилшод Азиз Ўткир Фарход Улугбек Ғайрат Санжар Ойбек"),
        _words("Дилноза Гулбаҳор Нигора Шаҳноза Феруза Малика Зулфия Насиба Севара Барно"),
        _words("Каримов Рахимов Юсупов Тошматов Эргашев Хакимов Салимов Абдуллаев Исмоилов Норматов Мирзаев Холматов"),
    ),
    "BY": Style(
        _words("Алесь Янка Кастусь Змицер Виталь Павел Игорь Вадим Артём Сергей Максим Денис"),
        _words("Алеся Оксана Янина Светлана Ольга Надежда Полина Людмила Инна Кристина"),
        _words("Ковалевич Шостак Бондаренко Гринкевич Лукьянчик Мельник Савич Жданович Кравчук Радкевич Шевчук"),
        feminine=False,
    ),
}

FIRM_WORDS = {
    "shop": (_words("Продукты Пекарня Аптека Магазин Кафе Маркет Овощи Хозтовары"), "ООО «{} {}»"),
    "employer": (_words("Завод Комбинат Стройтрест Автопарк Фабрика Агрофирма Депо"), "АО «{} {}»"),
    "utility": (_words("Водоканал Теплосеть Энергосбыт Горгаз"), "МУП «{} {}»"),
    "supplier": (_words("Опторг Снабсервис Торгдом База Логистик"), "ООО «{} {}»"),
    "firm": (_words("Сервис Проект Монтаж Консалт Транзит Ремонт"), "ООО «{} {}»"),
    "charity": (_words("Фонд"), "БФ «{} {}»"),
    "exchange": (_words("Цифра Обмен"), "ООО «{} {}»"),
}
FIRM_SECOND = _words(
    "Заря Восход Алатау Сибирь Урал Исток Рассвет Берег Степь Парус Вершина Кедр Родник Алмаз Орион Простор Чинар Лотос"
)


def persons(rng: np.random.Generator, style: Texts, is_woman: NDArray[np.bool_]) -> tuple[Texts, Texts]:
    """First names and surnames, one a person, in the person's style."""
    first, last = np.empty(len(style), dtype=object), np.empty(len(style), dtype=object)
    for code in sorted(set(style)):
        words = STYLES[str(code)]
        for woman in (False, True):
            rows = np.flatnonzero((style == code) & (is_woman == woman))
            first[rows] = rng.choice(np.array(words.women if woman else words.men, dtype=object), len(rows))
            surnames = [f"{name}а" if woman and words.feminine else name for name in words.surnames]
            last[rows] = rng.choice(np.array(surnames, dtype=object), len(rows))
    return first, last


def entities(rng: np.random.Generator, kind: Texts) -> Texts:
    """Names of entities, one each, in the manner of the entity's kind; a number keeps them apart."""
    names = []
    for position, one in enumerate(kind, start=1):
        words, pattern = FIRM_WORDS[str(one)]
        second = FIRM_SECOND[int(rng.integers(len(FIRM_SECOND)))]
        names.append(pattern.format(words[int(rng.integers(len(words)))], f"{second}-{position}"))
    return np.array(names, dtype=object)
