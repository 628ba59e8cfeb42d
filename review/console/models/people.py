"""Who works with the console: persons with one role each, the scopes that bound what they see, and throttles."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

EVERYTHING = "*"
"""A scope's territory or theme that stands for all of them."""


class Role(models.TextChoices):
    """What a person may do; rights are in services/access.py."""

    ANALYST = "analyst", _("analyst")
    SENIOR = "senior", _("senior analyst")
    DISSEMINATION = "dissemination", _("dissemination officer")
    AUDITOR = "auditor", _("auditor")
    ENGINEER = "engineer", _("engineer")
    HEAD = "head", _("head of the FIU")


class People(BaseUserManager["Person"]):
    """Makes persons; names are unique without case."""

    def create(self, *, username: str, password: str, role: str, **fields: object) -> "Person":  # type: ignore[override]
        """A saved person with a hashed password."""
        person = Person(username=username.strip().lower(), role=role, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """The person of a sign-in name, without case."""
        return self.get(username=(username or "").strip().lower())


class Person(AbstractBaseUser):
    """One person with a sign-in name and one role."""

    username = models.CharField(_("sign-in name"), max_length=60, unique=True)
    full_name = models.CharField(_("full name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=16, choices=Role)
    is_administrator = models.BooleanField(_("looks after accounts and queues"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(default=False)
    language = models.CharField(max_length=5, blank=True)
    has_auto_advance = models.BooleanField(_("take the next alert after a decision"), default=False)
    minutes_a_day = models.PositiveIntegerField(_("minutes a day for alerts"), default=0)
    created_at = models.DateTimeField()
    external_id = models.CharField(max_length=255, null=True, blank=True, unique=True)

    objects: ClassVar[People] = People()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """One row per person."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="person_role_known"),
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        """What to call the person on a screen."""
        return self.full_name or self.username

    def get_short_name(self) -> str:
        """The sign-in name."""
        return self.username


class Scope(models.Model):
    """A territory x theme that a person may see; `*` stands for all, a country's code for all its regions."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="scopes")
    territory = models.CharField(max_length=80, default=EVERYTHING)
    theme = models.CharField(max_length=20, default=EVERYTHING)

    class Meta:
        """Each pair once per person."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "territory", "theme"], name="scope_once"),
        ]


class Throttle(models.Model):
    """How often something was done in one stretch of time: failed sign-ins, searches, exports."""

    key = models.CharField(max_length=160)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        """One row per key and stretch."""

        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "started_at"], name="throttle_once")]
