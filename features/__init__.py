"""Clean tables in, features and typology hits out: the engine, its SQL files and the catalogues that explain them."""
