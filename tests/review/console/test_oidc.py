"""Sign-in by an OpenID provider: a real one over HTTP, small and able to lie."""

import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client, RequestFactory
from joserfc import jwt
from joserfc.jwk import RSAKey

from pipelines.home import Settings, UserError
from review.console import config
from review.console.config import OidcSettings
from review.console.models import Event, Person
from review.console.services import oidc, people, sign_in
from review.console.services.errors import NotFound, Refused, TooOften
from tests.review.console.store import PASSWORD, Store

BACK = "http://localhost/sign-in/provider/back/"
KEY = RSAKey.generate_key(2048, {"kid": "one"})


class Provider(ThreadingHTTPServer):
    """Answers as a provider does; `lies` is put over the truth, `unnamed` left out of its description."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.nonce = ""
        self.lies: dict[str, object] = {}
        self.key = KEY
        self.unnamed = ""
        self.forms: list[dict[str, list[str]]] = []

    def claims(self) -> dict[str, object]:
        now = int(datetime.now(UTC).timestamp())
        true = {"iss": self.issuer, "aud": "sluice", "sub": "id-77", "preferred_username": "Anna"}
        return {**true, "exp": now + 300, "iat": now, "nonce": self.nonce, **self.lies}


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def log_message(self, *_args: object) -> None:
        pass

    def _say(self, what: dict[str, object]) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        issuer = self.server.issuer
        if self.path.endswith("openid-configuration"):
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
            names.pop(self.server.unnamed, None)
            self._say({"issuer": issuer, **{name: f"{issuer}/{path}" for name, path in names.items()}})
        else:
            self._say({"keys": [KEY.as_dict(private=False)]})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.forms.append(parse_qs(self.rfile.read(length).decode()))
        token = jwt.encode({"alg": "RS256", "kid": "one"}, self.server.claims(), self.server.key)
        self._say({"access_token": "a", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def provider(monkeypatch):
    server = Provider()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(settings, "OIDC", OidcSettings(server.issuer, "sluice", "secret"))
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def browser() -> Client:
    """A stranger's browser."""
    return Client(SERVER_NAME="localhost")


def signed_in(browser: Client, provider: Provider, wanted: str = ""):
    """The whole way through the provider; gives the answer that ends it."""
    sent = browser.get("/sign-in/provider/", {"next": wanted})
    query = {name: values[0] for name, values in parse_qs(urlsplit(sent.url).query).items()}
    provider.nonce = query["nonce"]
    return browser.get("/sign-in/provider/back/", {"code": "code-1", "state": query["state"]})


def asked(provider: Provider, session: SessionStore | None = None) -> tuple[SessionStore, dict[str, str]]:
    """A sign-in that was begun: the browser's session, and what the provider was asked."""
    request = RequestFactory().get("/sign-in/provider/")
    request.session = session or SessionStore()
    address = oidc.begin(request, BACK, datetime.now(UTC))
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    provider.nonce = query["nonce"]
    return request.session, query


def finish(session: SessionStore, state: str, code: str = "code-1"):
    request = RequestFactory().get("/sign-in/provider/back/", {"code": code, "state": state})
    request.session, request.user = session, AnonymousUser()
    return oidc.finish(request, BACK, datetime.now(UTC))


def test_the_account_of_the_name_is_tied_to_the_identifier_for_good(only_sqlite: Store, provider):
    session, query = asked(provider)
    assert (query["code_challenge_method"], query["response_type"], query["client_id"]) == ("S256", "code", "sluice")
    assert finish(session, query["state"]).username == "anna"
    assert provider.forms[0]["code_verifier"]
    assert Person.objects.get(username="anna").external_id == "id-77"
    assert {"account_tied", "signed_in"} <= set(Event.objects.values_list("action", flat=True))
    local = RequestFactory().post("/")
    local.session, local.user = SessionStore(), AnonymousUser()
    with pytest.raises(Refused):
        sign_in.sign_in(local, "anna", PASSWORD, datetime.now(UTC))
    provider.lies = {"preferred_username": "chief"}
    session, query = asked(provider)
    assert finish(session, query["state"]).username == "anna", "the identifier counts, whatever name comes with it"
    provider.lies = {"sub": "id-78"}
    session, query = asked(provider)
    with pytest.raises(Refused) as error:
        finish(session, query["state"])
    assert error.value.code == "account", "a tied account is not given to another identifier of the same name"


LIES = {
    "another audience": {"aud": "other"},
    "another issuer": {"iss": "https://evil.example"},
    "an old answer": {"exp": 1_000},
    "another's nonce": {"nonce": "x"},
    "no identifier": {"sub": None},
    "audiences beside this one": {"aud": ["sluice", "other"]},
    "another client's mark": {"azp": "other"},
}
LIES_NAMED = dict(zip(LIES, ("aud", "iss", "exp", "nonce", "sub", "azp", "azp"), strict=True))


@pytest.mark.parametrize("lie", LIES)
def test_an_answer_is_refused_with(only_sqlite: Store, provider, lie, caplog):
    session, query = asked(provider)
    provider.lies = LIES[lie]
    with pytest.raises(Refused) as error, caplog.at_level("WARNING", "review.console.services.oidc"):
        finish(session, query["state"])
    assert error.value.code == "provider"
    assert LIES_NAMED[lie] in caplog.text, "the log tells the administrator what was wrong"
    assert "id-77" not in caplog.text
    assert not Person.objects.exclude(external_id=None).exists()


def test_an_answer_with_another_key_is_refused(only_sqlite: Store, provider):
    session, query = asked(provider)
    provider.key = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(Refused):
        finish(session, query["state"])


def test_an_answer_that_this_browser_did_not_ask_for_is_refused(only_sqlite: Store, provider):
    _, query = asked(provider)
    for state, code in (("other", "code-1"), ("", "code-1"), ("другое", "code-1"), (query["state"], "")):
        fresh, _ = asked(provider)
        with pytest.raises(Refused) as error:
            finish(fresh, state, code)
        assert error.value.code == "state"
    session, query = asked(provider)
    assert finish(session, query["state"])
    with pytest.raises(Refused) as error:
        finish(session, query["state"])
    assert error.value.code == "state", "an answer counts once"


def test_an_answer_for_several_that_was_made_for_this_client_is_taken(only_sqlite: Store, provider):
    session, query = asked(provider)
    provider.lies = {"aud": ["sluice", "other"], "azp": "sluice"}
    assert finish(session, query["state"]).username == "anna"


def test_a_no_of_the_provider_is_told_from_an_answer_that_nobody_asked_for(only_sqlite: Store, provider):
    session, query = asked(provider)
    with pytest.raises(Refused) as error:
        finish(session, query["state"], code="")
    assert error.value.code == "denied"


@pytest.mark.parametrize("unnamed", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
def test_a_provider_that_describes_itself_by_half_is_refused(only_sqlite: Store, provider, unnamed):
    provider.unnamed = unnamed
    with pytest.raises(Refused) as error:
        asked(provider)
    assert error.value.code == "provider"


@pytest.mark.parametrize(("wanted", "shown"), [("/cases/", "/cases/"), ("https://evil.example/", "/"), ("", "/")])
def test_the_page_that_was_asked_for_is_shown_after_it(only_sqlite: Store, provider, browser, wanted, shown):
    came = signed_in(browser, provider, wanted)
    assert (came.status_code, came.url) == (302, shown)


def test_the_way_to_the_provider_knows_the_page_that_was_asked_for(only_sqlite: Store, provider, browser):
    door = browser.get("/sign-in/", {"next": "/cases/?state=open&page=2"}).content.decode()
    assert "/sign-in/provider/?next=%2Fcases%2F%3Fstate%3Dopen%26page%3D2" in door


def test_many_persons_at_one_address_are_bounded_by_what_fails(only_sqlite: Store, provider, monkeypatch):
    monkeypatch.setattr(oidc, "_PER_HOUR", 2)
    for _ in range(4):
        session, query = asked(provider)
        finish(session, query["state"])
    asked(provider)
    asked(provider)
    with pytest.raises(TooOften):
        asked(provider)


def test_a_reset_ends_the_tie_and_gives_a_password_again(only_sqlite: Store, provider):
    session, query = asked(provider)
    assert not finish(session, query["state"]).has_usable_password()
    people.reset_by_command("anna", datetime.now(UTC))
    reset = Person.objects.get(username="anna")
    assert (reset.external_id, reset.has_usable_password()) == (None, True)


def test_who_has_no_password_here_is_not_asked_for_one(only_sqlite: Store, provider, browser):
    signed_in(browser, provider)
    assert "/sign-in/password/" not in browser.get("/").content.decode()
    page = browser.get("/sign-in/password/").content.decode()
    assert "its password is changed there" in page
    assert 'name="old"' not in page


@pytest.mark.parametrize(("given", "known"), [("anna", "anna"), ("nobody-here", "unknown")])
def test_who_is_switched_off_or_has_no_account_stays_outside(only_sqlite: Store, provider, given, known):
    Person.objects.filter(username="anna").update(is_active=False)
    session, query = asked(provider)
    provider.lies = {"preferred_username": given}
    with pytest.raises(Refused) as error:
        finish(session, query["state"])
    assert error.value.code == "account"
    assert Event.objects.get(action="sign_in_failed").object_id == known


def test_a_provider_that_is_away_is_said(only_sqlite: Store, monkeypatch):
    monkeypatch.setattr(settings, "OIDC", OidcSettings("http://127.0.0.1:9", "sluice", "secret"))
    request = RequestFactory().get("/")
    request.session = SessionStore()
    with pytest.raises(Refused) as error:
        oidc.begin(request, BACK, datetime.now(UTC))
    assert error.value.code == "provider"
    monkeypatch.setattr(settings, "OIDC", None)
    with pytest.raises(NotFound):
        oidc.begin(request, BACK, datetime.now(UTC))


def test_settings_are_whole_and_https(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("s\n")
    whole = {"console_oidc_client": "sluice", "console_oidc_secret_file": secret}
    made = config.oidc(Settings(console_oidc_issuer="https://id.fiu.example/", **whole))
    assert made == OidcSettings("https://id.fiu.example", "sluice", "s")
    assert config.oidc(Settings()) is None
    lost = {**whole, "console_oidc_issuer": "https://x", "console_oidc_secret_file": tmp_path / "none"}
    for wrong in (
        {"console_oidc_issuer": "http://id.fiu.example", **whole},
        {"console_oidc_issuer": "https://x"},
        lost,
    ):
        with pytest.raises(UserError):
            config.oidc(Settings(**wrong))
