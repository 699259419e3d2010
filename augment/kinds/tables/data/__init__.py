"""Tables in memory: schema, columns, values, conditions."""
