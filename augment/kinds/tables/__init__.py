"""The wing for tables: schema, dataset, formats, engines, metrics."""
