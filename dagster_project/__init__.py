"""The only place that knows Dagster: which function makes which table, when, and what stops a night."""
