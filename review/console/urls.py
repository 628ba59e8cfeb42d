"""Every address of the console: the work on alerts (urls_work) and what is around it (urls_cases)."""

from django.urls import include, path

from review.console import urls_cases, urls_work

_pages = ([*urls_work.urlpatterns, *urls_cases.urlpatterns], "console")
urlpatterns = [path("", include(_pages))]

handler400 = "review.console.views.problems.bad_request"
handler403 = "review.console.views.problems.not_allowed"
handler404 = "review.console.views.problems.not_found"
handler500 = "review.console.views.problems.broken"
