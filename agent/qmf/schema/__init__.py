"""Classes of objects and events, their instances, and the forms in which a schema is written."""
