"""Reports in, clean tables out: contracts, the lake, intake and the readers of report formats."""

__version__ = "0.1.0"
