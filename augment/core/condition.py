"""The language of conditions, one for every kind of data: from text to a tree of comparisons.

condition   = conjunction { "or" conjunction }
conjunction = term { "and" term }
term        = "not" term | "(" condition ")" | comparison
comparison  = column ( "=" | "==" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
            | column [ "not" ] "in" "(" value { "," value } ")"
            | column [ "not" ] "between" value "and" value
            | column "is" [ "not" ] "null"
            | name                                   (where the caller knows names)
column, value = bare words | 'quoted' | "quoted"     (a doubled quote stands for itself)

A bare value ends before `and`, `or` and a closing bracket; its first word may be any of these
(`state = OR`). Inside `in (...)` it ends at a comma. What a column or a value means is said by
the kind of data; see `normal_form.py` for what becomes of the tree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from augment.core.errors import UsageError

EXAMPLES = "'age >= 30', 'sex = Female', 'job in (a, b)' or 'job is null'"
MOST_DEPTH = 50  # of brackets and `not` within one another

Operator = Literal["<", "<=", ">", ">=", "in", "between", "null"]


@dataclass(frozen=True)
class Comparison:
    """One test in the user's words. `=` and `!=` are an `in` of one value."""

    column: str
    operator: Operator
    values: tuple[str, ...] = ()
    negate: bool = False


@dataclass(frozen=True)
class Not:
    term: Tree


@dataclass(frozen=True)
class And:
    terms: tuple[Tree, ...]


@dataclass(frozen=True)
class Or:
    terms: tuple[Tree, ...]


Tree = Comparison | Not | And | Or

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")"""
    r"""|(?P<sign>>=|<=|!=|<>|==|=|<|>)|(?P<mark>[(),])|(?P<word>(?:(?!!=)[^\s=<>(),])+))"""
)
_NEGATED = {"!=", "<>"}


@dataclass(frozen=True)
class _Token:
    kind: str  # quoted, sign, mark, word; "end" behind the last
    text: str
    start: int
    end: int

    def keyword(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words

    def mark(self, sign: str) -> bool:
        return self.kind == "mark" and self.text == sign


def parse(
    text: str, option: str, examples: str = EXAMPLES, names: frozenset[str] = frozenset()
) -> Tree:
    """The tree of a condition that was given by `option`; unclear text is a `UsageError`, which
    shows the `examples`.

    `names` are words that may stand alone: such a one compares itself with no value.
    """
    return _Parser(text, option, examples, names).whole()


def unquoted(text: str) -> str:
    """The text without surrounding blanks and quotes.

    >>> unquoted(" 'it''s' "), unquoted("it's")
    ("it's", "it's")
    """
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str, option: str, examples: str, names: frozenset[str]) -> None:
        self.text, self.option, self.examples, self.names = text, option, examples, names
        self.tokens = self._tokens()
        self.place = self.depth = 0

    def _tokens(self) -> list[_Token]:
        found, place = [], 0
        while match := _TOKEN.match(self.text, place):
            kind, place = str(match.lastgroup), match.end()
            found.append(_Token(kind, match[kind], match.start(kind), place))
            if kind == "word" and match[kind][0] in "'\"":
                self._refuse(f"the quote before {match[kind][1:]!r} is not closed.")
        found.append(_Token("end", "", place, place))
        return found

    def _refuse(self, why: str) -> NoReturn:
        raise UsageError(f"{self.option} {self.text!r}: {why}")

    def _peek(self, ahead: int = 0) -> _Token:
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)]

    def _take(self) -> _Token:
        token = self._peek()
        self.place += 1
        return token

    def whole(self) -> Tree:
        tree = self._condition()
        rest = self._peek()
        if rest.kind != "end":
            self._refuse(
                f"{rest.text!r} is not expected there. Join conditions with 'and' or 'or', and "
                "quote what holds signs."
            )
        return tree

    def _condition(self) -> Tree:
        terms = [self._conjunction()]
        while self._peek().keyword("or"):
            self._take()
            terms.append(self._conjunction())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def _conjunction(self) -> Tree:
        terms = [self._term()]
        while self._peek().keyword("and"):
            self._take()
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def _term(self) -> Tree:
        self.depth += 1
        if self.depth > MOST_DEPTH:
            self._refuse(f"more than {MOST_DEPTH} brackets lie within one another.")
        tree: Tree
        if self._peek().keyword("not") and self._peek(1).kind != "sign":
            self._take()
            tree = Not(self._term())
        elif self._peek().mark("("):
            self._take()
            tree = self._condition()
            if not self._take().mark(")"):
                self._refuse("a bracket is not closed.")
        else:
            tree = self._comparison()
        self.depth -= 1
        return tree

    def _comparison(self) -> Comparison:
        if self._peek().text in self.names and self._ends(self._peek(1)):
            return Comparison(self._take().text, "in")
        column = self._column()
        negate = self._peek().keyword("not")
        if negate:
            self._take()
        token = self._take()
        if token.kind == "sign":
            value = (self._value(token.text, "and", "or"),)
            if token.text in ("=", "==", *_NEGATED):
                return Comparison(column, "in", value, token.text in _NEGATED)
            ordered: dict[str, Operator] = {"<": "<", "<=": "<=", ">": ">", ">=": ">="}
            return Comparison(column, ordered[token.text], value)
        if token.keyword("in"):
            return Comparison(column, "in", self._listed(column), negate)
        if token.keyword("between"):
            low = self._value("between", "and", "or")
            if not self._take().keyword("and"):
                self._refuse(f"write '{column} between low and high'.")
            return Comparison(column, "between", (low, self._value("and", "and", "or")), negate)
        assert token.keyword("is"), "_column stops at operators only"
        negate = self._peek().keyword("not")
        self.place += 2 if negate else 1
        return Comparison(column, "null", (), negate)

    @staticmethod
    def _ends(token: _Token) -> bool:
        """Whether a term that stands alone ends before this token."""
        return token.kind == "end" or token.mark(")") or token.keyword("and", "or")

    def _at_operator(self) -> bool:
        token, second, third = self._peek(), self._peek(1), self._peek(2)
        if token.keyword("is"):
            return second.keyword("null") or (second.keyword("not") and third.keyword("null"))
        negated = token.keyword("not") and second.keyword("in", "between")
        return token.kind == "sign" or token.keyword("in", "between") or negated

    def _column(self) -> str:
        """The words up to an operator; the first one may be any."""
        first = self.place
        depth = 0
        while not (self.place > first and self._at_operator()):
            token = self._peek()
            depth += token.mark("(") - token.mark(")")
            ends = token.kind in ("end", "sign") or (depth == 0 and token.keyword("and", "or"))
            if depth < 0 or ends:
                self._refuse_no_comparison(first)
            self.place += 1
        return self._words(first)

    def _refuse_no_comparison(self, first: int) -> NoReturn:
        said = self.text[self.tokens[first].start : self._peek().start].strip()
        after = self.tokens[first - 1] if first else None
        hint = ""
        if after is not None and after.keyword("and", "or"):
            hint = f" Quote a value that holds the word {after.text!r}."
        raise UsageError(
            f"{self.option} {self.text!r} is not understood"
            + (f": {said!r} compares nothing. " if said and said != self.text.strip() else ". ")
            + f"Write it as {self.examples}, joined with 'and', 'or', 'not' and brackets.{hint}"
        )

    def _value(self, after: str, *stops: str) -> str:
        """The text up to one of the words `stops`, a closing bracket, or the end."""
        first, depth = self.place, 0
        if self._peek().mark("("):
            self._refuse(
                f"a bracket follows {after!r}. For one of several values write 'x in (a, b)'; "
                "quote a value that begins with a bracket."
            )
        while (token := self._peek()).kind != "end":
            if depth == 0 and (token.mark(")") or (self.place > first and token.keyword(*stops))):
                break
            depth += token.mark("(") - token.mark(")")
            self.place += 1
        if self.place == first:
            self._refuse(f"a value is missing behind {after!r}.")
        return self._words(first)

    def _listed(self, column: str) -> tuple[str, ...]:
        """The values between the brackets of `in`."""
        if not self._take().mark("("):
            self._refuse(f"put the values in brackets, as in '{column} in (a, b)'.")
        values: list[str] = []
        while True:
            first, depth = self.place, 0
            while (token := self._peek()).kind != "end":
                if depth == 0 and (token.mark(",") or token.mark(")")):
                    break
                depth += token.mark("(") - token.mark(")")
                self.place += 1
            if self.place == first:
                self._refuse("a value is missing between the brackets.")
            values.append(self._words(first))
            end = self._take()
            if end.mark(")"):
                return tuple(values)
            if not end.mark(","):
                self._refuse("a bracket is not closed.")

    def _words(self, first: int) -> str:
        """What the tokens from `first` up to here say: one quoted text, or the bare words."""
        last = self.tokens[self.place - 1]
        if self.place == first + 1 and last.kind == "quoted":
            return unquoted(last.text)
        return self.text[self.tokens[first].start : last.end]
