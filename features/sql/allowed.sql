-- allowed: one row of the allow-list: the subject's node, the typology (or * for all), the nights
-- that know the row, and the last night for which it holds.
-- inputs: allow_list. key: none.
select
    cast('0x' || substr(sha256(node_key), 1, 15) as bigint) as node,
    typology_id,
    received_on as known_from,
    known_until,
    allowed_until
from allow_list
