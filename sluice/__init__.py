"""The command line: the same functions as the scheduled nights, for people."""
