"""Parts of the statistics group: one module per file of /proc that it parses."""
