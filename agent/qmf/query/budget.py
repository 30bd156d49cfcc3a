"""The budget of one query: whoever may reach the agent can send an expensive query, so its evaluation is bounded."""

from ..wire.errors import TooLarge

MAX_STEPS = 1_000_000
"""Evaluation steps of one query: one or two seconds of CPU time in the worst case."""


class Budget:
    """The evaluation steps that are left for one query."""

    __slots__ = ("steps_left",)

    def __init__(self, steps: int = MAX_STEPS) -> None:
        self.steps_left = steps

    def consume(self, steps: int) -> None:
        """Take so many steps; TooLarge if fewer are left."""
        self.steps_left -= steps
        if self.steps_left < 0:
            raise TooLarge("query: too expensive to evaluate; restrict it to a class or an object")
