"""Sign-in by the organisation's OpenID provider, where one is set. Accounts, roles and scopes stay the console's own.

An administrator makes the account under the name that the provider uses (`preferred_username`). The first sign-in ties
the account to the provider's identifier (`sub`), and its local password no longer opens it, until it is reset.
"""

import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from review.console.config import OidcSettings
from review.console.models import Person
from review.console.services import audit, sign_in, throttle
from review.console.services.errors import NotFound, Refused

_TIMEOUT_SECONDS = 10
_ALGORITHMS = ["RS256", "PS256", "ES256"]
_PER_HOUR = 60
_LEEWAY_SECONDS = 60
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_log = logging.getLogger(__name__)


def begin(request: HttpRequest, back: str, at: datetime) -> str:
    """The provider's address to send the browser to; `back` is where it sends the browser afterwards.

    Raises:
        NotFound: no provider is set.
        Refused: the provider can't be reached, or too often.
    """
    provider = _provider()
    throttle.spend(_key(request), at, _PER_HOUR, timedelta(hours=1))
    nonce, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    client = _client(provider, back)
    address, state = client.create_authorization_url(
        _described(client, provider)["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    request.session["oidc"] = {"state": state, "nonce": nonce, "verifier": verifier}
    return str(address)


def finish(request: HttpRequest, back: str, at: datetime) -> Person:
    """Sign in the person whom the provider names in its answer; logged.

    Raises:
        NotFound: no provider is set.
        Refused: the answer is not to a question of this browser, is a no, is not sound, or names nobody known here.
    """
    provider = _provider()
    kept = request.session.pop("oidc", None)
    code, state = request.GET.get("code", ""), request.GET.get("state", "")
    if not kept or not secrets.compare_digest(state.encode(), kept["state"].encode()):
        raise Refused(_("This sign-in was not begun here, or took too long. Begin again."), "state")
    if not code:
        _log.warning(
            "Sign-in by OpenID: the provider gave no code, but the error %r.", request.GET.get("error", "")[:40]
        )
        raise Refused(_("The organisation's sign-in did not let you in."), "denied")
    claims = _claims(provider, back, code, kept, at)
    person = _person(claims, at)
    if person is None:
        sign_in.note_failure(_name(claims), str(request.META.get("REMOTE_ADDR", "")), at)
        raise Refused(_("You have no account here. Ask the administrator for one under your sign-in name."), "account")
    sign_in.start_session(request, person, at)
    # Many persons may come from one address: it is bounded by its failures alone.
    throttle.clear(_key(request))
    return person


def _key(request: HttpRequest) -> str:
    return f"oidc:{request.META.get('REMOTE_ADDR', '')}"


def _provider() -> OidcSettings:
    if settings.OIDC is None:
        raise NotFound
    return settings.OIDC


def _client(provider: OidcSettings, back: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        provider.client,
        provider.secret,
        scope="openid profile",
        redirect_uri=back,
        code_challenge_method="S256",
        default_timeout=_TIMEOUT_SECONDS,
    )


def _described(client: Any, provider: OidcSettings) -> dict[str, Any]:
    """The provider's description of itself, whole; its name must be the one that is set."""
    found = _read(client, f"{provider.issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != provider.issuer:
        raise _unsound("the provider's issuer is not console_oidc_issuer")
    if missing := [name for name in _NEEDED if not isinstance(found.get(name), str)]:
        raise _unsound(f"the provider names no {missing[0]}")
    return found


def _read(client: Any, address: str) -> dict[str, Any]:
    import requests

    try:
        answer = client.get(address, withhold_token=True, timeout=_TIMEOUT_SECONDS)
        answer.raise_for_status()
        read = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise _unreachable(error) from None
    return read if isinstance(read, dict) else {}


def _claims(provider: OidcSettings, back: str, code: str, kept: dict[str, str], at: datetime) -> dict[str, Any]:
    """What the provider says of the person, with its signature, audience, time and nonce checked."""
    import requests
    from authlib.common.errors import AuthlibBaseError
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    client = _client(provider, back)
    described = _described(client, provider)
    try:
        token = client.fetch_token(
            described["token_endpoint"], code=code, code_verifier=kept["verifier"], timeout=_TIMEOUT_SECONDS
        )
        keys = KeySet.import_key_set(_read(client, described["jwks_uri"]))  # type: ignore[arg-type]
        read = jwt.decode(str(token["id_token"]), keys, algorithms=_ALGORITHMS)
        jwt.JWTClaimsRegistry(
            now=int(at.timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": described["issuer"]},
            aud={"essential": True, "value": provider.client},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": kept["nonce"]},
        ).validate(read.claims)
    except requests.RequestException as error:
        raise _unreachable(error) from None
    except (AuthlibBaseError, JoseError) as error:
        raise _unsound(f"{type(error).__name__} {error.error!r} {getattr(error, 'claim', '')}".strip()) from None
    except (KeyError, TypeError, ValueError) as error:
        raise _unsound(type(error).__name__) from None
    _require_own(read.claims, provider)
    return dict(read.claims)


def _require_own(claims: dict[str, Any], provider: OidcSettings) -> None:
    """Nothing where the answer was made for this console, after OpenID Connect Core, 3.1.3.7, steps 4 and 5."""
    is_for_others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", "" if is_for_others else provider.client) != provider.client:
        raise _unsound("the answer was made for another client (azp)")


def _unreachable(error: Exception) -> Refused:
    _log.warning("Sign-in by OpenID: the provider was not reached (%s).", type(error).__name__)
    return Refused(_("The organisation's sign-in can't be reached. Try again later."), "provider")


def _unsound(cause: str) -> Refused:
    """What to say to the person; the cause, which holds nothing of them, goes to the log."""
    _log.warning("Sign-in by OpenID: %s.", cause)
    return Refused(_("The organisation's sign-in does not answer properly. Tell the administrator."), "provider")


def _person(claims: dict[str, Any], at: datetime) -> Person | None:
    """The active account of the provider's identifier; at the first time that of the name, which it is tied to."""
    identifier = str(claims["sub"])[:255]
    known = Person.objects.filter(external_id=identifier).first()
    if known is not None:
        return known if known.is_active else None
    name = _name(claims)
    found = Person.objects.filter(username=name, external_id=None, is_active=True).first() if name else None
    if found is None:
        return None
    found.external_id = identifier
    found.must_change_password = False
    found.set_unusable_password()
    with audit.recorded_by_system(at) as record:
        found.save(update_fields=["external_id", "must_change_password", "password"])
        record.add("account_tied", "person", found.username)
    return found


def _name(claims: dict[str, Any]) -> str:
    return str(claims.get("preferred_username", "")).strip().lower()
