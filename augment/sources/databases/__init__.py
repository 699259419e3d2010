"""Tables in databases: SQLite and DuckDB files, PostgreSQL servers."""
