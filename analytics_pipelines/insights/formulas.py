"""Formulas over series: `A + B / 2`, where the letters are the series in their order."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from string import ascii_uppercase

from analytics_pipelines.insights.model import Model
from analytics_pipelines.sql.errors import QueryError

MAX_LENGTH = 500
_SIGNS = str.maketrans("\u00d7\u00f7", "*/")


class FormulaNode(Model):
    """`custom_name` is what the result is called, instead of `Formula (A+B)`."""

    formula: str
    custom_name: str | None = None

    @property
    def label(self) -> str:
        return self.custom_name or f"Formula ({self.formula})"


def _divide(left: float, right: float) -> float:
    return left / right if right else 0.0


_OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: _divide,
}


class Formula:
    """A formula that was read. QueryError for anything but letters of series, numbers, `+ - * /` and brackets."""

    def __init__(self, text: str, series: int) -> None:
        if len(text) > MAX_LENGTH:
            raise QueryError("the formula is too long")
        try:
            self._tree = ast.parse(text.strip().upper().translate(_SIGNS), mode="eval").body
            self._check(self._tree, ascii_uppercase[:series])
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            raise QueryError(f"the formula “{text[:50]}” can't be read") from None

    def __call__(self, values: Sequence[Sequence[float]]) -> list[float]:
        """Points of each series → the formula's, point by point. What can't be divided, or isn't finite, is 0."""
        return [
            result if isfinite(result := self._value(self._tree, point)) else 0.0 for point in zip(*values, strict=True)
        ]

    def _check(self, node: ast.AST, letters: str) -> None:
        match node:
            case ast.BinOp(left, operator, right) if type(operator) in _OPERATORS:
                self._check(left, letters)
                self._check(right, letters)
            case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
                self._check(operand, letters)
            case ast.Name(id=name) if name in ascii_uppercase:
                if name not in letters:
                    raise QueryError(f"the formula speaks of {name}, and there is no such series")
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool) and isfinite(value):
                pass
            case _:
                raise ValueError

    def _value(self, node: ast.AST, point: Sequence[float]) -> float:
        match node:
            case ast.BinOp(left, operator, right):
                return _OPERATORS[type(operator)](self._value(left, point), self._value(right, point))
            case ast.UnaryOp(operator, operand):
                value = self._value(operand, point)
                return -value if isinstance(operator, ast.USub) else value
            case ast.Name(id=name):
                return float(point[ascii_uppercase.index(name)])
            case ast.Constant(int() | float() as value):
                return float(value)
        raise AssertionError("checked when it was read")
