"""The rules of the console as plain functions: each takes an `Actor` first and checks access itself.

What to call from a view:
    actor        Actor: who asks, with which sign-in, at what time
    queues       queues_of, page, cut line; capacity and members
    alerts       open_alert (logged), reports_of, similar_to, linked_to, history_of, notes
    workflow     claim, next_and_lock, touch, release, decide, defer, ask_information, answer, escalate, take_escalated,
                 link_to_case, reopen, undo, undoable
    bulk, gather preview, close; preview, put
    waiting      counts, everything, in_hand
    approvals    approve, send_back
    search       find
    cases        cases_of, open_case, create, edit, move, judge, restrict, lift, add_*, attach, attachment, chronology
    dissemination send
    dossier      dossier
    exports      ask, mine, waiting, judge, download
    operations   operations_of, propose, approve, close
    people       persons, person, create, change, reset_password, set_members, set_preferences
    audit        events, verify
Errors (errors.py): NotFound (answer 404), NotAllowed (403), Refused (409: its message is a sentence for the reader),
Stale (a Refused that carries what the alert is now). Nothing is changed when one of them is raised.
"""
