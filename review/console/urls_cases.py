"""Addresses of what is around the work on alerts: cases, search, people, audit, statistics."""

from django.urls.resolvers import URLPattern

urlpatterns: list[URLPattern] = []
