"""Floor 3: from facts to the report as JSON, HTML, Markdown and lines for a terminal."""
