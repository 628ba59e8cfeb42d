"""What deploy/ gives to nginx, read as text: the mistakes that keep it from starting, or let names into logs."""

import re
from collections import Counter
from pathlib import Path

_CONF = (Path(__file__).parents[3] / "deploy" / "nginx" / "sluice.conf").read_text("utf-8")


def test_every_shared_zone_has_a_name_of_its_own() -> None:
    """Nginx keeps zones of limits and of TLS sessions in one space of names, and doesn't start where two share one."""
    declared = re.findall(r"^limit_\w+_zone .*zone=(\w+):|shared:(\w+):", _CONF, re.MULTILINE)
    names = Counter(name for pair in declared for name in pair if name)
    assert len(names) == 4
    assert set(names.values()) == {1}


def test_the_log_holds_no_query() -> None:
    log_format = re.search(r"^log_format .*$", _CONF, re.MULTILINE)
    assert log_format
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", log_format[0])
    assert re.findall(r"error_log +\S+ (\w+);", _CONF) == ["alert"], "lesser errors repeat the request's line"


def test_a_refusal_of_nginx_is_in_both_languages() -> None:
    answers = re.findall(r'return (\d+) "(.*)";', _CONF)
    assert {status for status, _ in answers} == {"413", "429", "503"}
    for _, text in answers:
        assert re.search("[А-Яа-я]", text)
        assert re.search("[A-Za-z]", text)
