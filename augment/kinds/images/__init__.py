"""The wing for images: schema, dataset, formats, engines, metrics, classical transforms."""
