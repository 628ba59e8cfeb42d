"""Addresses of sign-in and of the work on alerts."""

from django.urls import path
from django.urls.resolvers import URLPattern

from review.console.views import alerts, oidc, queues, session, work

urlpatterns: list[URLPattern] = [
    path("sign-in/", session.login, name="login"),
    path("sign-in/code/", session.code, name="code"),
    path("sign-in/password/", session.password, name="password"),
    path("sign-in/second-factor/", session.enrol, name="enrol"),
    path("sign-in/provider/", oidc.to_provider, name="oidc"),
    path("sign-in/provider/back/", oidc.back, name="oidc_back"),
    path("sign-out/", session.logout, name="logout"),
    path("preferences/", session.preferences, name="preferences"),
    path("", queues.home, name="home"),
    path("queue/<slug:slug>/", queues.queue, name="queue"),
    path("queue/<slug:slug>/next/", work.next_alert, name="next"),
    path("alert/<slug:alert_id>/", alerts.alert, name="alert"),
    path("alert/<slug:alert_id>/evidence/<int:number>/", alerts.evidence, name="evidence"),
    path("alert/<slug:alert_id>/reports/", alerts.reports, name="reports"),
    path("alert/<slug:alert_id>/similar/", alerts.similar, name="similar"),
    path("alert/<slug:alert_id>/history/", alerts.history, name="history"),
    path("alert/<slug:alert_id>/rank/", alerts.rank, name="rank"),
    path("alert/<slug:alert_id>/claim/", work.claim, name="claim"),
    path("alert/<slug:alert_id>/release/", work.release, name="release"),
    path("alert/<slug:alert_id>/decide/", work.decide, name="decide"),
    path("alert/<slug:alert_id>/defer/", work.defer, name="defer"),
    path("alert/<slug:alert_id>/ask/", work.ask, name="ask"),
    path("alert/<slug:alert_id>/answer/", work.answer, name="answer"),
    path("alert/<slug:alert_id>/escalate/", work.escalate, name="escalate"),
    path("alert/<slug:alert_id>/take-escalated/", work.take_escalated, name="take_escalated"),
    path("alert/<slug:alert_id>/case/", work.link, name="link"),
    path("alert/<slug:alert_id>/unlink/", work.unlink, name="unlink"),
    path("alert/<slug:alert_id>/mark/", work.mark, name="mark"),
    path("alert/<slug:alert_id>/wake/", work.wake, name="wake"),
    path("alert/<slug:alert_id>/reopen/", work.reopen, name="reopen"),
    path("alert/<slug:alert_id>/note/", work.note, name="note"),
    path("alert/<slug:alert_id>/touch/", work.touch, name="touch"),
    path("undo/<int:step_id>/", work.undo, name="undo"),
    path("bulk/", work.bulk_preview, name="bulk"),
    path("bulk/close/", work.bulk_close, name="bulk_close"),
    path("bulk/undo/<uuid:batch>/", work.bulk_undo, name="bulk_undo"),
    path("gather/", work.gather_preview, name="gather"),
    path("gather/put/", work.gather_put, name="gather_put"),
    path("approvals/", work.approvals_page, name="approvals"),
    path("approvals/<int:decision_id>/", work.judge, name="judge"),
]
