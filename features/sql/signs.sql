-- signs: one row per hit of the typologies that another one reads.
-- parameters: $signs (their ids, separated by spaces). inputs: found.
-- key: received_on, typology_id, node_id.
select received_on, typology_id, node_id, strength, window_from, window_to, evidence
from found
where list_position(string_split($signs, ' '), typology_id) > 0
