"""The stages from data to scores, of any kind of data that is registered."""
