"""Addresses of what is around the work on alerts: pictures, cases, search, people, audit, statistics."""

from django.urls import path
from django.urls.resolvers import URLPattern

from review.console.views import flow

urlpatterns: list[URLPattern] = [
    path("alert/<slug:alert_id>/flow/", flow.flow, name="flow"),
]
