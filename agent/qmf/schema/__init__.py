"""Classes, the objects and events that are their instances, and the written forms of a schema."""
