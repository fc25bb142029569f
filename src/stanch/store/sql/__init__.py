"""SQL for the nouns: SQLite in the data folder, or Postgres by URL, with the same code."""
