"""Conditions of actions, evaluated when the action is visited."""

from __future__ import annotations

from launch.core import LaunchContext, Listed, SomeText, text_of, unlisted

TRUE, FALSE = ("true", "1"), ("false", "0")


class InvalidConditionExpressionError(Exception):
    """The text is neither true nor false."""


class IfCondition(metaclass=Listed):
    def __init__(self, predicate_expression: SomeText) -> None:
        self.expression = predicate_expression

    def evaluate(self, context: LaunchContext) -> bool:
        text = text_of(context, self.expression).strip().lower()
        if text not in TRUE + FALSE:
            raise InvalidConditionExpressionError(f"condition: found '{text}', allowed: true, false, 1, 0")
        return text in TRUE


class UnlessCondition(IfCondition):
    def evaluate(self, context: LaunchContext) -> bool:
        return not super().evaluate(context)


__all__ = ["IfCondition", "UnlessCondition"]
__getattr__ = unlisted(__name__)
