-- TRD-01, prepaid, never imported: one row per night, company and payment of the evidence: payments
-- abroad of the days that end with one whose deadline passed that night, together large enough,
-- after which no import was declared.
-- parameters: $amount_min, $deadline_days, $window_days.
-- inputs: nights, known_edges, owners, customs_declarations. key: night, node_id, edge_id.
with import as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as declarant,
        received_on as known_from, known_until, declared_on
    from customs_declarations
    where direction = 'import'
),
own_import as (
    select declarant as node, known_from, known_until, declared_on from import
    union all
    select
        owners.node, greatest(import.known_from, owners.known_from), import.known_until,
        import.declared_on
    from import
    join owners on owners.owner = import.declarant
),
payment as (
    select
        edge_id, src as node, occurred_s, amount_c, received_on, superseded_on,
        date '1970-01-01' + cast(occurred_s // 86400 as integer) as paid_on
    from known_edges
    where is_cross_border and src <> dst
),
due as (
    select
        payment.*,
        greatest(payment.received_on, payment.paid_on + cast($deadline_days as integer)) as due_on
    from payment
),
turn as (
    select nights.night, due.node, max(due.occurred_s) as last_s
    from due
    join nights on nights.night = due.due_on
    where due.superseded_on is null or due.superseded_on > nights.night
    group by nights.night, due.node
),
open_payment as (
    select turn.night, turn.node, due.edge_id, due.amount_c
    from turn
    join due
        on due.node = turn.node
        and due.due_on <= turn.night
        and (due.superseded_on is null or due.superseded_on > turn.night)
        and due.occurred_s <= turn.last_s
        and due.occurred_s > turn.last_s - $window_days * 86400
    left join own_import
        on own_import.node = due.node
        and own_import.known_from <= turn.night
        and (own_import.known_until is null or own_import.known_until > turn.night)
        and own_import.declared_on >= due.paid_on
        and own_import.declared_on <= due.paid_on + cast($deadline_days as integer)
    where own_import.node is null
),
total as (
    select night, node, count(*) as payments, cast(sum(amount_c) as bigint) as sum_c
    from open_payment
    group by night, node
)
select
    open_payment.night,
    open_payment.node as node_id,
    cast(total.sum_c as double) / 100 as value,
    cast($amount_min as double) as threshold,
    cast(json_object('count', total.payments, 'days', $deadline_days) as varchar) as facts,
    open_payment.edge_id
from open_payment
join total on total.night = open_payment.night and total.node = open_payment.node
where total.sum_c >= $amount_min * 100
