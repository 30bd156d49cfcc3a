"""Output of facts: the document of all groups, as JSON, YAML or text; its schema; differences of two documents.

Nothing here opens a file or writes to a stream.
"""
