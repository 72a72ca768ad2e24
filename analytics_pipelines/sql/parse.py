"""Text → sqlglot's tree, under caps. What the tree may contain is decided in `convert`."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlglot import exp, parser
from sqlglot.dialects.clickhouse import ClickHouse
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.clickhouse import ClickHouseParser
from sqlglot.tokenizer_core import Token, TokenType

from analytics_pipelines.sql.errors import QueryError

MAX_CHARACTERS = 64 * 1024
MAX_NODES = 5_000
MAX_DEPTH = 64  # of brackets; deeper ones cost the parser's stack, and nobody reads them
_OPENING = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE}
_CLOSING = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE}


class Question(ClickHouse):
    """ClickHouse's grammar, with every call left as a plain call.

    sqlglot turns known functions into classes of their own, to translate between engines; we need
    the opposite: one shape for all calls, looked up by name. `$` starts names, not strings.
    """

    INDEX_OFFSET = 0

    class Tokenizer(ClickHouse.Tokenizer):
        HEREDOC_STRINGS: ClassVar[list[str | tuple[str, str]]] = []
        SINGLE_TOKENS: ClassVar[dict[str, TokenType]] = {
            key: value for key, value in ClickHouse.Tokenizer.SINGLE_TOKENS.items() if key != "$"
        }
        VAR_SINGLE_TOKENS: ClassVar[set[str]] = {"$"}

    class Parser(ClickHouseParser):
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            "CAST": lambda self: self._parse_cast(True),
        }
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = {
            kind: ClickHouseParser.COLUMN_OPERATORS[kind] for kind in (TokenType.DOT, TokenType.DCOLON)
        }
        QUERY_MODIFIER_PARSERS: ClassVar[dict[Any, Any]] = {
            **ClickHouseParser.QUERY_MODIFIER_PARSERS,
            TokenType.LIMIT: lambda self: self._parse_limit_or_limit_by(),
        }
        # After a UNION these bind to the whole, as people expect; ClickHouse's bind to the last.
        SET_OP_MODIFIERS: ClassVar[set[str]] = {"order", "limit", "offset", "settings", "format"}
        NO_PAREN_FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            "CASE": lambda self: self._parse_case(),
        }

        def _parse_limit_or_limit_by(self) -> tuple[str, exp.Expr | None]:
            limit = self._parse_limit()
            return ("limit_by" if limit and limit.expressions else "limit"), limit

        def _parse_function(
            self,
            functions: dict[str, Any] | None = None,
            anonymous: bool = False,
            optional_parens: bool = True,
            any_token: bool = False,
        ) -> exp.Expr | None:
            # Past ClickHouseParser's own, which forgets where an aggregate stood in the text.
            call = parser.Parser._parse_function(self, functions, anonymous, optional_parens, any_token)
            if not isinstance(call, exp.Anonymous) or not self._match(TokenType.L_PAREN):
                return call
            arguments = self._parse_function_args()
            self._match_r_paren()
            parametric = exp.ParameterizedAgg(this=call.this, expressions=call.expressions, params=arguments)
            parametric.meta.update(call.meta)
            return self._parse_window(parametric)


def parse(text: str) -> exp.Expr:
    """One statement. QueryError when there are none or several, or when a cap is reached."""
    if len(text) > MAX_CHARACTERS:
        raise QueryError(f"the query is longer than {MAX_CHARACTERS} characters")
    dialect = Question()
    try:
        tokens = dialect.tokenize(text)
    except TokenError as error:
        raise QueryError("unfinished string, name or comment", 0, len(text)) from error
    if tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    _check_tokens(tokens)
    tokens = _with_marks(tokens)
    try:
        statements = dialect.parser().parse(tokens, text)
    except ParseError as error:
        raise _syntax_error(text, error) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise QueryError("this is not valid SQL") from error  # sqlglot's own faults
    if len(statements) != 1 or statements[0] is None:
        raise QueryError("expected one SELECT")
    statement = statements[0]
    if sum(1 for _ in statement.walk()) > MAX_NODES:
        raise QueryError(f"the query has more than {MAX_NODES} parts")
    return statement


def _check_tokens(tokens: list[Token]) -> None:
    """Refuse, before the parser, what it would follow too deep or past the first statement."""
    if not tokens:
        raise QueryError("the query is empty")
    depth = 0
    for token in tokens:
        if token.token_type in _OPENING:
            depth += 1
        elif token.token_type in _CLOSING:
            depth -= 1
        if depth > MAX_DEPTH:
            raise QueryError("too many brackets inside each other", token.start, token.end + 1)
        if token.token_type is TokenType.SEMICOLON:
            raise QueryError("only one statement is allowed", token.start, token.end + 1)


PLACEHOLDER = "{"
"""What a name begins with that is none but stood in braces: `{filters.dateRange.from}`."""
COHORT = "{cohort}"
"""The first in the brackets of an IN that is about a cohort; the second is its id or name."""


def _with_marks(tokens: list[Token]) -> list[Token]:
    """`{a.b}` as one name, and `IN COHORT x` as `IN ({cohort}, x)`: what the grammar knows."""
    found, index = list[Token](), 0
    while index < len(tokens):
        token = tokens[index]
        end = _end_of_braces(tokens, index)
        if token.token_type is TokenType.L_BRACE and not end:
            message = "not supported: braces with anything but {filters}, {variables.x} or the name of a value"
            raise QueryError(message, token.start, token.end + 1)
        if end:
            path = "".join(part.text for part in tokens[index : end + 1])
            found.append(_mark(TokenType.IDENTIFIER, path, token, tokens[end]))
            index = end + 1
        elif _is_cohort(tokens, index):
            word, value = tokens[index], tokens[index + 1]
            found += [
                _mark(TokenType.L_PAREN, "(", word, word),
                _mark(TokenType.IDENTIFIER, COHORT, word, word),
                _mark(TokenType.COMMA, ",", word, word),
                value,
                _mark(TokenType.R_PAREN, ")", value, value),
            ]
            index += 2
        else:
            found.append(token)
            index += 1
    return found


def _end_of_braces(tokens: list[Token], index: int) -> int:
    """Where a dotted name in braces ends; 0 where none begins."""
    if tokens[index].token_type is not TokenType.L_BRACE:
        return 0
    end = index + 1
    while end + 1 < len(tokens) and _is_word(tokens[end]):
        if tokens[end + 1].token_type is TokenType.R_BRACE:
            return end + 1
        if tokens[end + 1].token_type is not TokenType.DOT:
            return 0
        end += 2
    return 0


def _is_word(token: Token) -> bool:
    return token.text.replace("_", "a").isalnum() and token.token_type is not TokenType.STRING


def _is_cohort(tokens: list[Token], index: int) -> bool:
    """Whether the word COHORT stands here behind IN, with a number or a text behind it."""
    return (
        0 < index < len(tokens) - 1
        and tokens[index].text.upper() == "COHORT"
        and tokens[index].token_type is TokenType.VAR
        and tokens[index - 1].token_type is TokenType.IN
        and tokens[index + 1].token_type in (TokenType.NUMBER, TokenType.STRING)
    )


def _mark(kind: TokenType, text: str, first: Token, last: Token) -> Token:
    return Token(kind, text, first.line, last.col, first.start, last.end, [])


def _syntax_error(text: str, error: ParseError) -> QueryError:
    """sqlglot gives the line, the column of a token's end, and the token."""
    detail = error.errors[0] if error.errors else {}
    line, column = detail.get("line"), detail.get("col")
    word = detail.get("highlight") or ""
    if not line or not column:
        return QueryError("this is not valid SQL")
    line_start = sum(len(part) for part in text.splitlines(keepends=True)[: line - 1])
    end = min(line_start + column, len(text))
    if not text[end:].strip():
        return QueryError("unexpected end of query", max(end - len(word), 0), end)
    return QueryError(f"unexpected “{word}”", max(end - len(word), 0), end)
