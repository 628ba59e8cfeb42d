"""Addresses of what is around the work on alerts: pictures, cases, search, people, audit, statistics."""

from django.urls import path
from django.urls.resolvers import URLPattern

from review.console.views import cases, flow, operations, oversight, people, search

urlpatterns: list[URLPattern] = [
    path("alert/<slug:alert_id>/flow/", flow.flow, name="flow"),
    path("cases/", cases.listed, name="cases"),
    path("cases/open/", cases.create, name="case_create"),
    path("cases/<slug:number>/", cases.case, name="case"),
    path("cases/<slug:number>/edit/", cases.edit, name="case_edit"),
    path("cases/<slug:number>/move/", cases.move, name="case_move"),
    path("cases/<slug:number>/judge/", cases.judge, name="case_judge"),
    path("cases/<slug:number>/send/", cases.send, name="case_send"),
    path("cases/<slug:number>/note/", cases.note, name="case_note"),
    path("cases/<slug:number>/subject/", cases.subject, name="case_subject"),
    path("cases/<slug:number>/report/", cases.report, name="case_report"),
    path("cases/<slug:number>/file/", cases.attach, name="case_attach"),
    path("cases/<slug:number>/file/<int:attachment_id>/", cases.attachment, name="attachment"),
    path("cases/<slug:number>/restrict/", cases.restrict, name="case_restrict"),
    path("cases/<slug:number>/lift/", cases.lift, name="case_lift"),
    path("cases/<slug:number>/dossier/", cases.dossier, name="dossier"),
    path("search/", search.search, name="search"),
    path("operations/", operations.listed, name="operations"),
    path("operations/<slug:slug>/approve/", operations.approve, name="operation_approve"),
    path("operations/<slug:slug>/withdraw/", operations.withdraw, name="operation_withdraw"),
    path("operations/<slug:slug>/close/", operations.close, name="operation_close"),
    path("people/", people.listed, name="people"),
    path("people/queues/", people.queues, name="members"),
    path("people/queues/order/", operations.order_now, name="order_now"),
    path("people/queues/<slug:slug>/", people.members, name="queue_members"),
    path("people/account/<str:username>/", people.person, name="person"),
    path("people/account/<str:username>/reset/", people.reset, name="person_reset"),
    path("audit/", oversight.log, name="audit"),
    path("audit/verify/", oversight.verify, name="audit_verify"),
    path("exports/", oversight.export, name="exports"),
    path("exports/<int:export_id>/judge/", oversight.judge_export, name="export_judge"),
    path("exports/<int:export_id>/file/", oversight.download, name="export_file"),
    path("statistics/", oversight.numbers, name="statistics"),
    path("system/", oversight.system, name="system"),
]
