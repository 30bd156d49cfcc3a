"""Queries: predicates with their regular expressions, their text form, and the budget of their evaluation."""
