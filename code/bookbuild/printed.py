r"""The printed formula is what is checked: its right-hand side, evaluated with a check's values.

`holds("eq-layer", …, where={"n": 800, r"\Var(w)": 0.01})` says what the symbols stand for. Here the
TeX that a reader sees is cut down to what follows its last relation, each key of `where` in it
becomes one symbol, SymPy reads the rest, and what comes out must be the `right` of the check. A key
in which a printed sum or product has its index, such as `x_i`, stands for an array with an axis for
each such index.
"""

import re

import numpy as np
import sympy
from sympy.core.function import AppliedUndef
from sympy.parsing.latex import LaTeXParsingError, parse_latex

COMMAND = re.compile(r"\\[A-Za-z]+")
TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\S", re.S)
ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:aligned|split|gathered)\}")
INVISIBLE = re.compile(r"\\[,;:! ]|[~&]|\\(?:left|right|displaystyle|[bB]igg?[lrm]?)")
SPELLED = {r"\tfrac": r"\frac", r"\dfrac": r"\frac", r"\lbrack": "[", r"\rbrack": "]"}
RELATIONS = {"=", "<", ">", r"\approx", r"\to", r"\le", r"\leq", r"\ge", r"\geq"}
BREAKS = {r"\quad", r"\qquad", r"\\"}
DEPTH = {"{": 1, "(": 1, "[": 1, r"\{": 1, "}": -1, ")": -1, "]": -1, r"\}": -1}
ARGUMENTS = {r"\frac": 2, r"\sqrt": 1, "^": 1, "_": 1}
NAMED = {r"\text", r"\operatorname", r"\mathrm", r"\mathbb", r"\bar", r"\hat", r"\tilde"}
SERIES = {r"\sum", r"\prod"}
SYMBOL, END = r"\bookvalue", r"\bookend"  # commands that SymPy takes for letters, as all it lacks
CONSTANTS = {"pi": sympy.pi, "e": sympy.E}
TOLERANCE = 1e-9


class Misprint(Exception):
    """The print says something else than its check, or can't be read."""


def misprints(tex, checks):
    """What is wrong with a printed equation, given (where, right) of each check, in sentences.

    Each right-hand side that is printed must be that of a check, and each check must have one.
    """
    sides, borne_out, said = right_hand_sides(tex), set(), []
    for where, right in checks:
        faults = [fault_of(side, where, right) for side in sides]
        if None in faults:
            borne_out.add(faults.index(None))
        else:
            said += faults[:1] or ["no relation is printed"]
    if not said and len(borne_out) < len(sides):
        said = [f"{len(sides)} right-hand sides are printed, and {len(borne_out)} are checked"]
    return said


def fault_of(side, where, right):
    try:
        expression, values, indices = read(side, where)
        if isinstance(right, sympy.Basic | sympy.MatrixBase):
            compare_symbols(expression, values, right)
        else:
            compare_numbers(expression, values, indices, right)
    except Misprint as fault:
        return f"'{shown(side)}' {fault}"
    return None


# The text: from TeX to the tokens of a right-hand side.


def right_hand_sides(tex):
    """What stands behind the last relation of each equation in a display, as tokens."""
    sides = []
    for opened_by, tokens in parts_of(normalized(tex)):
        relations = [at for at, token in outside_brackets(tokens) if token in RELATIONS]
        side = tokens[relations[-1] + 1 :] if relations else tokens
        if sides and opened_by == r"\\" and not relations:  # a sum that goes on
            sides[-1] += side
        elif sides and relations and relations[0] == 0:  # a chain that goes on
            sides[-1] = side
        elif relations:
            sides.append(side)
    return [side[:-1] if side[-1:] in ([","], ["."], [";"]) else side for side in sides]


def parts_of(tokens):
    """Cut at wide spaces and line ends: ("", tokens), (sign of the cut, tokens), …"""
    parts = [("", [])]
    cuts = {at for at, token in outside_brackets(tokens) if token in BREAKS}
    for at, token in enumerate(tokens):
        if at in cuts:
            parts.append((token, []))
        else:
            parts[-1][1].append(token)
    return parts


def outside_brackets(tokens):
    depth = 0
    for at, token in enumerate(tokens):
        depth += DEPTH.get(token, 0)
        if depth == 0:
            yield at, token


def normalized(tex):
    """The tokens that mean something; each argument of a fraction, root or script in braces."""
    tokens = (SPELLED.get(t, t) for t in TOKEN.findall(ENVIRONMENT.sub("", tex)))
    written = list(braced(t for t in tokens if not INVISIBLE.fullmatch(t)))
    empty = {at for at in range(len(written)) if written[at : at + 2] == ["{", "}"]}
    return [token for at, token in enumerate(written) if not {at, at - 1} & empty]


def braced(tokens, inside=False):
    for token in tokens:
        yield token
        if token == "}" and inside:
            return
        if token == "{":
            yield from braced(tokens, inside=True)
        for _ in range(ARGUMENTS.get(token, 0)):
            yield from argument(tokens)


def argument(tokens):
    token = next(tokens, "")
    if token == "{":
        yield token
        yield from braced(tokens, inside=True)
        return
    yield from ("{", token)
    if token in NAMED and next(tokens, "") == "{":
        yield "{"
        yield from braced(tokens, inside=True)
    for _ in range(ARGUMENTS.get(token, 0)):
        yield from argument(tokens)
    yield "}"


def shown(tokens):
    """The tokens as an author would write them, more or less."""
    spaced = (
        f"{token} " if COMMAND.fullmatch(token) and after.isalpha() else token
        for token, after in zip(tokens, [*tokens, ""][1:], strict=True)
    )
    return "".join(spaced)


# The reading: from tokens to an expression of SymPy.


def read(side, where):
    """The expression, the value and the key's tokens behind each symbol in it, and the indices."""
    tokens, indices = with_limits(side)
    keys = sorted(((normalized(key), key) for key in where), key=lambda pair: -len(pair[0]))
    values, written, at = {}, [], 0
    while at < len(tokens):
        match = next((pair for pair in keys if stands(pair[0], tokens, at)), None)
        if not match:
            written.append(tokens[at])
            at += 1
            continue
        number = [*where].index(match[1])
        values[f"{SYMBOL[1:]}_{{{number}}}"] = where[match[1]], match[0]
        written += ["{", SYMBOL, "_", "{", *str(number), "}", "}"]
        at += len(match[0])
        if len(match[0]) == len(tokens):
            raise Misprint("is one symbol of where= as a whole, which binds nothing")
    used = [key for _, key in values.values()]
    if unused := [key for tokens, key in keys if tokens not in used]:
        raise Misprint(f"does not hold {', '.join(unused)}, which where= names")
    text = re.sub(r"(?<=[\d.]) (?=[\d.])", "", " ".join(written))
    try:
        expression = parse_latex(text, strict=True, backend="antlr")
    except (LaTeXParsingError, TypeError, ValueError) as error:
        raise Misprint("can't be read as a formula of the symbols in where=") from error
    known = {*values, *CONSTANTS, *indices}
    for symbol in sorted(map(str, expression.free_symbols)):
        if symbol not in known and symbol != END[1:]:
            raise Misprint(f"has a {symbol} that where= gives no value")
    return expression, values, indices


def stands(key, tokens, at):
    """Whether the key is the symbol at this place, all of it: neither more scripts nor a prime."""
    end = at + len(key)
    return tokens[at:end] == key and tokens[end : end + 1] not in (["_"], ["'"])


def with_limits(tokens):
    """Write a sum over i, or over i and k, with limits, as SymPy reads them; and all indices."""
    written, indices, at = [], [], 0
    while at < len(tokens):
        token = tokens[at]
        at += 1
        if token not in SERIES or tokens[at : at + 2] != ["_", "{"]:
            written.append(token)
            continue
        end = tokens.index("}", at)
        below = tokens[at + 2 : end]
        if "=" in below:
            indices += below[: below.index("=")]
            written.append(token)
        else:
            for index in (name for name in below if name != ","):
                indices.append(index)
                written += [token, "_", "{", index, "=", "1", "}", "^", "{", END, "}"]
            at = end + 1
    return written, [*dict.fromkeys(indices)]


# The value: from an expression to what the check has.


def compare_symbols(expression, values, right):
    symbols = {name: value for name, (value, _) in values.items()} | CONSTANTS
    printed = expression.subs({sympy.Symbol(n): v for n, v in symbols.items()}).doit()
    try:
        same = sympy.simplify(printed - right) == 0
    except TypeError:
        same = False
    if not same:
        raise Misprint(f"is {printed}, and the check has {right}")


def compare_numbers(expression, values, indices, right):
    symbols = {name: placed(value, key, indices) for name, (value, key) in values.items()}
    symbols |= {name: float(value) for name, value in CONSTANTS.items()}
    right = np.asarray(right, dtype=float)
    try:
        with np.errstate(all="ignore"):
            printed = without_indices(evaluated(expression, symbols, indices), indices)
            printed = np.broadcast_to(printed, np.broadcast_shapes(printed.shape, right.shape))
    except ValueError as error:
        raise Misprint(f"does not fit the shapes in where=: {error}") from error
    if printed.shape != right.shape:
        raise Misprint(f"has the shape {printed.shape}, and the check has {right.shape}")
    off = ~(np.abs(printed - right) <= TOLERANCE * np.where(right == 0, 1e-3, np.abs(right)))
    if off.any():
        worst = np.argmax(off)
        raise Misprint(f"is {printed.flat[worst]:.10g}, and the check has {right.flat[worst]:.10g}")


def evaluated(node, symbols, indices):
    """The value of an expression, elementwise; the last axes belong to the indices, in order."""
    if isinstance(node, sympy.Symbol):
        if str(node) in symbols:
            return symbols[str(node)]
        raise Misprint(f"has an index {node} outside its sum")
    if isinstance(node, sympy.Sum | sympy.Product):
        return folded(node, symbols, indices)
    if not node.args:
        return float(node)
    if not isinstance(node, sympy.Add | sympy.Mul | sympy.Pow | sympy.Function):
        raise Misprint(f"has a {type(node).__name__}, which is not evaluated")
    if isinstance(node, AppliedUndef):
        raise Misprint(f"has a {node.func}(…) that where= gives no value")
    places = sympy.symbols(f"x:{len(node.args)}")
    function = sympy.lambdify(places, node.func(*places), ["scipy", "numpy"])
    return function(*(evaluated(part, symbols, indices) for part in node.args))


def folded(node, symbols, indices):
    """A sum or product over its indices, each along the axis that is its own."""
    lengths = {}
    for index, lower, upper in node.limits:
        if str(upper) != END[1:]:
            first, last = (evaluated(limit, symbols, indices) for limit in (lower, upper))
            steps = np.arange(float(first), float(last) + 1)
            lengths[str(index)] = len(steps)
            symbols = symbols | {str(index): placed(steps, [str(index)], indices)}
    terms = np.asarray(evaluated(node.function, symbols, indices))
    terms = terms.reshape((1,) * (len(indices) - terms.ndim) + terms.shape)
    for index in (str(limits[0]) for limits in node.limits):
        axis = indices.index(index) - len(indices)
        length = lengths.get(index, terms.shape[axis])
        if terms.shape[axis] == 1 and index in lengths:
            terms = np.repeat(terms, length, axis)
        if terms.shape[axis] != length or (index not in lengths and length == 1):
            found = f"{terms.shape[axis]} values, and its limits say {lengths.get(index, 'more')}"
            raise Misprint(f"has an index {index} with {found}")
        fold = np.sum if isinstance(node, sympy.Sum) else np.prod
        terms = fold(terms, axis=axis, keepdims=True)
    return terms


def placed(value, key, indices):
    """The value with an axis for each index, of length 1 for those that its key does not have."""
    array = np.asarray(value, dtype=float)
    own = [index for index in dict.fromkeys(key) if index in indices]
    if array.ndim == 0:
        return array
    if array.ndim < len(own):
        raise Misprint(f"has {shown(key)} with {len(own)} indices, but {array.ndim} axes in where=")
    free = array.ndim - len(own)
    array = array.transpose(*range(free), *(free + own.index(i) for i in indices if i in own))
    return np.expand_dims(array, [free + at for at, i in enumerate(indices) if i not in own])


def without_indices(value, indices):
    array = np.asarray(value)
    kept = max(array.ndim - len(indices), 0)
    if any(length > 1 for length in array.shape[kept:]):
        raise Misprint("has an index outside its sum")
    return array.reshape(array.shape[:kept])
