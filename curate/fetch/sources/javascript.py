"""Data out of the text of a script: JSON, object and array literals, JSON inside strings. Linear time.

One pass finds every bracket with its partner; then each bracket that can open a value is read, from the outside to
the inside, as JSON or else as a literal (chompjs). What has been read is not looked into again.
"""

import base64
import binascii
import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

import chompjs

MAX_DEPTH = 200  # brackets inside brackets; deeper ones are passed over
MAX_NESTED_TEXT = 4  # JSON in a string in JSON in a string
_EFFORT = 6  # times the length of a script that may be read again, for literals inside code that is no literal

_MARKS = (
    ("//<![CDATA[", "//]]>"),
    ("/*<![CDATA[*/", "/*]]>*/"),
    ("<![CDATA[", "]]>"),
    ("<!--", "-->"),
    ("{}&&", ""),
)
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|,(?=\s*[}\]])', re.DOTALL)
_TOKEN = re.compile(
    r"\"(?:[^\"\\\n]|\\.)*+[\"\n]?|'(?:[^'\\\n]|\\.)*+['\n]?|`(?:[^`\\]|\\.)*+`?|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
    r"|(?<=[=(,:!&|])\s*+/(?![/*])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*+\])*+/|[{}\[\]()]",
    re.DOTALL,
)
_OPENS = re.compile(
    r"\{\s*+(?:[\"'][^\"'\n]{0,200}[\"']|[\w$-]{1,80}+)\s*+:|\[\s*+(?:[\"'{\[\d-]|null|true|false)"
)
_BEFORE = re.compile(r"([\w$.\"'\]\[-]{0,80})[\"']?\s*(?:[=:(,\[?|&]|=>|\breturn)\s*$")
PACKED = re.compile(r"\s*(?:[\[{]|%7B|%5B|\\u007b|\\x7b|eyJ|W3s|WyJ|W1s|ey[A-Za-z])", re.IGNORECASE)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_FUNCTION = re.compile(r"\(\s*function\s*\(([\w$,\s]{0,60000})\)\s*\{|\(\s*\(([\w$,\s]{0,60000})\)\s*=>\s*\{")
_WORD = re.compile(r"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|[A-Za-z_$][\w$]*+", re.DOTALL)
_CONSTANT = re.compile(  # outside of strings and comments: the parser of literals takes null, for a text
    r"\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|`(?:[^`\\]|\\.)*+`?|"
    r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|"
    r"(?<=[:,\[])\s*+(null|true|false|undefined|void 0|![01])(?=\s*+[,}\]])",
    re.DOTALL,
)
_TEXT = re.compile(r"\"(?:[^\"\\\n]|\\.){0,2000}+\"|'(?:[^'\\\n]|\\.){0,2000}+'")
_CALL = re.compile(
    rf"(?<![\w$.])([A-Za-z_$][\w$.]{{1,80}}+)\(\s*+((?:{_TEXT.pattern})"
    rf"(?:\s*+,\s*+(?:{_TEXT.pattern}|[\w.-]{{1,40}}+))*+)\s*+\)"
)
_CONSTANTS = {"undefined": "null", "void 0": "null", "!0": "true", "!1": "false"}


def unescaped(literal: str) -> str:
    """The text of a string literal, its quotes included."""
    text = _ESCAPE.sub(_character, literal[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _character(escape: re.Match[str]) -> str:
    """What an escape stands for: a character, or nothing where it joins two lines."""
    if code := escape[1] or escape[2] or escape[3]:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "?"
    return _LETTERS.get(escape[4], escape[4])


def loads(text: str, *, strict: bool = False) -> Any:
    """JSON, with control characters unless `strict`; integers of more than 18 digits become texts.

    Raises ValueError.
    """
    try:
        return json.loads(text, strict=strict, parse_int=_int, parse_constant=lambda _: None)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read(text: str) -> tuple[Any, bool]:
    """The data of a script of JSON, None where there is none; and whether it took a repair.

    Repairs: entities decoded, comment and CDATA marks, a semicolon at the end, commas before a bracket and control
    characters removed, signs that Angular wrote as names, percent-encoding and base64 undone.
    """
    with suppress(ValueError):
        return loads(text, strict=True), False
    bare = text.strip().rstrip("; \t\r\n")
    for start, end in _MARKS:
        bare = bare.removeprefix(start).removesuffix(end).strip().rstrip("; \t\r\n")
    for repair in (str, _without_commas, _decoded, _with_quotes):
        with suppress(ValueError):
            return loads(repair(bare)), True
    data = unpacked(bare)
    return data, data is not None


def _without_commas(text: str) -> str:
    """The text without commas before a closing bracket."""
    return _STRING_OR_COMMA.sub(lambda match: "" if match[0] == "," else match[0], text)


def _decoded(text: str) -> str:
    return _without_commas(html.unescape(text))


def _with_quotes(text: str) -> str:
    """The text with its signs put back, where Angular wrote names for them: {&q;id&q;:1}."""
    for name, sign in (("&q;", '"'), ("&s;", "'"), ("&l;", "<"), ("&g;", ">"), ("&a;", "&")):
        text = text.replace(name, sign)
    return text


def _int(digits: str) -> int | str:
    return int(digits) if len(digits) <= 18 else digits


def _apart(match: re.Match[str]) -> str:
    """A constant in JSON's word for it, a space behind it; a string as it is."""
    return f"{_CONSTANTS.get(match[1], match[1])} " if match[1] else match[0]


def _as_json(escape: re.Match[str]) -> str:
    """An escape of JavaScript as JSON writes it. Quotes keep theirs: the parser of literals ends strings there."""
    letter, character = escape[4], _character(escape)
    if letter and letter in "\"'`\\/bfnrt":
        return escape[0]
    coded = letter in (None, "v", "0") and character < "\U00010000"
    return f"\\u{ord(character):04x}" if coded else character


def literal(text: str) -> Any:
    """The value of an object or array literal. Raises ValueError."""
    try:
        return loads(text)
    except ValueError:
        pass
    try:
        plain = _CONSTANT.sub(_apart, _ESCAPE.sub(_as_json, text))
        return chompjs.parse_js_object(plain, loader_kwargs={"strict": False, "parse_int": _int})
    except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise ValueError(f"no literal: {error}") from error


def unpacked(text: str) -> Any:
    """The data that a string holds: JSON, percent-encoded JSON, base64 of JSON. None where it holds none."""
    text = text.strip()
    if text[:1] not in "{[" and PACKED.match(text):
        if text[:1] == "%":
            text = unquote(text)
        elif re.fullmatch(r"[A-Za-z0-9+/_-]+={0,2}", text):
            try:
                text = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "==").decode("utf-8")
            except (ValueError, binascii.Error):
                return None
            text = unquote(text) if text[:1] == "%" else text
    if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
        try:
            return loads(text)
        except ValueError:
            return None
    return None


def expanded(value: Any, depth: int = 0) -> Any:
    """``value`` with every string that holds data replaced by that data."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {key: expanded(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [expanded(item, depth + 1) for item in value]
    if isinstance(value, str) and len(value) > 20 and PACKED.match(value):
        data = unpacked(value)
        if isinstance(data, dict | list):
            return expanded(data, depth + MAX_DEPTH // MAX_NESTED_TEXT)
    return value


def _brackets(text: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(start and end of each pair of brackets, in order of their starts; start and end of each string)."""
    pairs, strings, stack = [], [], []
    partner = {"}": "{", "]": "[", ")": "("}
    for match in _TOKEN.finditer(text):
        first = match[0][0]
        if first in "{[(":
            stack.append((first, match.start()))
        elif first in partner:
            if stack and stack[-1][0] == partner[first]:
                start = stack.pop()[1]
                if len(stack) <= MAX_DEPTH:
                    pairs.append((start, match.end()))
            else:
                stack.clear()  # code that this is no grammar for: what is open now has no partner
        elif first in "\"'`" and match.end() - match.start() > 24:
            strings.append((match.start(), match.end()))
    return sorted(pairs), strings


def _called(text: str, pairs: list[tuple[int, int]]) -> Iterator[tuple[int, Any]]:
    """What functions give that are called where they stand: (function(a,b){return {…}}("x",1))."""
    ends = dict(pairs)
    for match in _FUNCTION.finditer(text):
        body_end = ends.get(match.end() - 1)
        if body_end is None:
            continue
        opening = re.compile(r"\s*\)?\s*").match(text, body_end)
        start = opening.end() if opening else body_end
        if text[start : start + 1] != "(" or start not in ends:
            continue
        returned = text.rfind("return", match.end(), body_end)
        place = next(
            (at for at, end in pairs if at >= returned > 0 and text[at] in "{[" and end <= body_end), None
        )
        if place is None:
            continue
        try:
            values = literal(f"[{text[start + 1 : ends[start] - 1]}]")
        except ValueError:
            continue
        names = [name.strip() for name in (match[1] or match[2] or "").split(",")]
        known = dict(zip(names, values, strict=False))
        body = text[place : ends[place]]

        def put(word: re.Match[str], body: str = body, known: dict[str, Any] = known) -> str:
            after = body[word.end() : word.end() + 1]
            if word[0] not in known or after == ":" or body[word.start() - 1 : word.start()] == ".":
                return word[0]
            return json.dumps(known[word[0]])

        try:
            yield place, literal(_WORD.sub(put, body))
        except ValueError:
            continue


def values(text: str, at_least: int = 40) -> Iterator[tuple[str, Any]]:
    """(name, data) of each object, array or string of data in a script, at least so many characters long."""
    pairs, strings = _brackets(text)
    ends = dict(pairs)
    done = 0
    effort = _EFFORT * len(text) + 10_000
    called = dict(_called(text, pairs)) if "function" in text or "=>" in text else {}
    starts = sorted(
        [start for start, end in pairs if text[start] != "(" and end - start >= at_least]
        + [at for at, _ in strings]
    )
    string_ends = dict(strings)
    for start in starts:
        if start < done:
            continue
        before = _BEFORE.search(text, max(0, start - 120), start)
        if start in string_ends:
            if PACKED.match(text, start + 1):
                data = unpacked(unescaped(text[start : string_ends[start]]))
                if isinstance(data, dict | list):
                    done = string_ends[start]
                    yield _name(before), expanded(data)
            continue
        if start in called:
            done = ends[start]
            yield _name(before), expanded(called[start])
            continue
        if (start and not before) or not _OPENS.match(text, start):
            continue
        length = ends[start] - start
        effort -= length
        if effort < 0:
            return
        try:
            data = literal(text[start : ends[start]])
        except ValueError:
            continue
        done = ends[start]
        yield _name(before), expanded(data)


def calls(text: str) -> dict[str, list[list[str]]]:
    """The texts that each function is called with, again and again: gallery.addImage('a.jpg', 'image', 'b.jpg').

    Only calls whose arguments are all texts and numbers, of functions that are called twice at least.
    """
    found: dict[str, list[list[str]]] = {}
    for match in _CALL.finditer(text):
        texts = [unescaped(literal) for literal in _TEXT.findall(match[2])]
        found.setdefault(match[1], []).append(texts)
    return {name: several for name, several in found.items() if len(several) > 1}


def _name(before: re.Match[str] | None) -> str:
    name = before[1].strip("\"'[].") if before else ""
    return name.removeprefix("window.").removeprefix("self.")
