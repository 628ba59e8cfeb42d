-- DRP-08, shared device: one row per night, group of accounts that run from the same devices, and
-- edge of the evidence: what the group moved in the days up to the night. Two accounts belong
-- together where they share a device, address or phone and their holders are no kin; groups are
-- what can be reached so from an account with a new edge.
-- parameters: $persons_min, $busy_min, $turnover_min, $accounts_max, $seen_days, $window_days.
-- inputs: nights, known_edges, device_links, kin_links. key: night, node_id, edge_id.
with recursive link as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
        cast('0x' || substr(sha256(coalesce(person_key, node_key)), 1, 15) as bigint) as person,
        link_kind || ':' || link_value as link,
        received_on,
        known_until,
        seen_to
    from device_links
),
several as (
    select link from link group by link having count(distinct person) > 1
),
in_force as (
    select distinct nights.night, link.node, link.person, link.link
    from nights
    join link
        on link.received_on <= nights.night
        and (link.known_until is null or link.known_until > nights.night)
        and coalesce(link.seen_to, nights.night) >= nights.night - $seen_days
    join several on several.link = link.link
),
crowd as (
    select night, link
    from in_force
    group by night, link
    having count(distinct node) > $accounts_max
),
usable as (
    select in_force.*
    from in_force
    left join crowd on crowd.night = in_force.night and crowd.link = in_force.link
    where crowd.link is null
),
kin as (
    select
        cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as one,
        cast('0x' || substr(sha256(other_key), 1, 15) as bigint) as other,
        received_on,
        known_until
    from kin_links
),
related as (
    select one, other, received_on, known_until from kin
    union all
    select other, one, received_on, known_until from kin
),
pair as (
    select distinct mine.night, mine.node, theirs.node as other
    from usable as mine
    join usable as theirs
        on theirs.night = mine.night
        and theirs.link = mine.link
        and theirs.node <> mine.node
    left join related
        on related.one = mine.person
        and related.other = theirs.person
        and related.received_on <= mine.night
        and (related.known_until is null or related.known_until > mine.night)
    where related.one is null
),
fresh as (
    select nights.night, known_edges.src as node
    from nights
    join known_edges on known_edges.received_on = nights.night
    union
    select nights.night, known_edges.dst
    from nights
    join known_edges on known_edges.received_on = nights.night
),
reached as (
    select fresh.night, fresh.node as start, fresh.node
    from fresh
    join usable on usable.night = fresh.night and usable.node = fresh.node
    union
    select reached.night, reached.start, pair.other
    from reached
    join pair on pair.night = reached.night and pair.node = reached.node
),
named as (
    select night, start, min(node) as grp
    from reached
    group by night, start
),
member as (
    select distinct named.night, named.grp, reached.node
    from named
    join reached on reached.night = named.night and reached.start = named.start
),
person as (
    select night, node, min(person) as person
    from usable
    group by night, node
),
ends as (
    select src as node, * from known_edges
    union all
    select dst, * from known_edges where dst <> src
),
movement as (
    select
        member.night, member.grp, member.node, person.person,
        ends.edge_id, ends.amount_c
    from member
    join person on person.night = member.night and person.node = member.node
    join nights on nights.night = member.night
    join ends
        on ends.node = member.node
        and ends.received_on <= member.night
        and (ends.superseded_on is null or ends.superseded_on > member.night)
        and ends.occurred_s > nights.cutoff_s - $window_days * 86400
),
turnover as (
    select night, grp, person, min(node) as node
    from movement
    group by night, grp, person
    having sum(amount_c) >= $turnover_min * 100
),
busy as (
    select night, grp, count(*) as busy, min(node) as node
    from turnover
    group by night, grp
    having count(*) >= $busy_min
),
sized as (
    select member.night, member.grp, count(distinct person.person) as persons
    from member
    join person on person.night = member.night and person.node = member.node
    group by member.night, member.grp
    having count(distinct person.person) >= $persons_min
),
linked as (
    select member.night, member.grp, usable.link
    from member
    join usable on usable.night = member.night and usable.node = member.node
    group by member.night, member.grp, usable.link
    having count(distinct usable.node) > 1
),
counted as (
    select night, grp, count(*) as links from linked group by night, grp
)
select distinct
    busy.night,
    busy.node as node_id,
    cast(sized.persons as double) as value,
    cast($persons_min as double) as threshold,
    cast(
        json_object('persons', sized.persons, 'busy', busy.busy, 'links', counted.links) as varchar
    ) as facts,
    movement.edge_id
from busy
join sized on sized.night = busy.night and sized.grp = busy.grp
join counted on counted.night = busy.night and counted.grp = busy.grp
join movement on movement.night = busy.night and movement.grp = busy.grp
