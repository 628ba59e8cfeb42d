-- candidates: nodes that may have paid enough receivers in a month.
-- parameters: $receivers_min. inputs: peaks. key: node.
select node from peaks where out_n_31 >= $receivers_min and receivers >= $receivers_min
