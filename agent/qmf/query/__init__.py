"""Queries: predicates with regular expressions, their text form, and the budget of their evaluation."""
