-- candidates: every node that some typology of the run named as its candidate.
-- inputs: named. key: node.
select node from named
