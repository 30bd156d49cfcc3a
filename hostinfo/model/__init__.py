"""The model: the facts of a host as records, one file per group."""
