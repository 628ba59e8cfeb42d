"""The store's history: 0001 tables, 0002 what the database itself refuses."""
