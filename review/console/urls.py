"""Every address of the console."""

from django.urls.resolvers import URLPattern

app_name = "console"
urlpatterns: list[URLPattern] = []
