-- evidence_windows: one row per night and node of `chosen`, in order.
-- inputs: chosen. key: night, node.
select part, node, night, from_s, to_s, value, threshold, facts
from chosen
order by part, node, night
