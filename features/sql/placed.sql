-- placed: one row per edge done at a place that the list of places had when the edge was told.
-- inputs: transactions, places. key: edge_id.
select
    cast('0x' || substr(sha256(transactions.transaction_id), 1, 15) as bigint) as edge_id,
    places.place_id,
    places.kind,
    places.latitude,
    places.longitude,
    places.territory,
    places.city
from transactions
join places
    on places.place_id = transactions.location
    and places.received_on <= transactions.received_on
    and (places.known_until is null or places.known_until > transactions.received_on)
