"""A seed in; a random Python function with a few of its statements and names put out of joint, as a careless author might leave it, out."""

from __future__ import annotations

import ast
import random

from tests.generators import branching

#: Statements of all kinds, of which many make no sense where they are put.
_STATEMENTS = """
return x|raise ValueError('no')|pass|import math|from math import sin as t|assert x > 0.5 if True else 0|x: float|t = None|u = 'a'
s = x > 0.5|t = s and x > 0|w = w or 2.0|'words'|t = u = x*2|global t|del t|u = not u|s, t = t, s|t = [x]|t = lambda: 3
w = None if x > 0 else None|return None|return|t = True|u = x if other is None else other|u = math if x > 0 else math
t = x in (1.0, x)|u = isinstance(t, str)|u = (t := x) + t|t = -True|u = abs(x > 0)|math = 3|t = max(x, 2, 3)|u = 3 and x
u = 0 or x|t = (x > 0) is True|w = 'a' == 'a'|w = 'a' in 'ab'|t = x == None|t = u != 'a'
if x > 0: t = 2|if way == 'a': u = None|if t: s = 'b'|if not other: w = t*2|if x > 0.5 or t > 0: x = 2
""".replace("\n", "|").strip("|").split("|")  # fmt: skip
_VALUES = ["None", "True", "'a'", "x > 0", "not x", "x and t", "x", "1", "t", "way", "other", "on", "(q := x)", "x if t else 2"]  # fmt: skip


class _Put(ast.NodeTransformer):
    """Puts one expression in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old = old
        self.new = new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def mutant(seed: int) -> str | None:
    """Return a file with a function `f` of x and others; None where it is no valid Python."""
    rnd = random.Random(f"mutant {seed}")
    made = branching(rnd.randrange(400))
    tree = ast.parse(made.text)
    for _ in range(rnd.choice((1, 1, 2, 3))):
        _mutate(tree, rnd)
    text = ast.unparse(ast.fix_missing_locations(tree))
    try:
        compile(text, "model.py", "exec")
    except SyntaxError:
        return None
    return text


def _mutate(tree: ast.Module, rnd: random.Random) -> None:
    nodes = [*ast.walk(tree)]
    bodies = [getattr(n, part) for n in nodes for part in ("body", "orelse") if isinstance(getattr(n, part, None), list)]  # fmt: skip
    body = rnd.choice([b for b in bodies[1:] if b])
    place = rnd.randrange(len(body))
    branches = [n for n in nodes if isinstance(n, ast.If)]
    pick = rnd.randrange(8)
    if pick == 0 and len(body) > 1:
        body.pop(place)
    elif pick == 1:
        body.append(body.pop(place))
    elif pick == 2:
        names = [n for n in nodes if isinstance(n, ast.Name)]
        rnd.choice(names).id = rnd.choice(names).id
    elif pick == 3 and branches:
        one = rnd.choice(branches)
        one.body, one.orelse = one.orelse or [ast.Pass()], one.body
    elif pick == 4 and branches:
        rnd.choice(branches).orelse = []
    elif pick == 5:
        tests = [n for n in nodes if isinstance(n, ast.Compare)]
        ops = (ast.Is(), ast.IsNot(), ast.In(), ast.Eq(), ast.NotEq(), ast.Lt())
        if tests:
            rnd.choice(tests).ops[0] = rnd.choice(ops)
    elif pick == 6:
        read = [n for n in nodes if isinstance(n, ast.expr) and isinstance(getattr(n, "ctx", ast.Load()), ast.Load)]  # fmt: skip
        new = ast.parse(rnd.choice(_VALUES), mode="eval").body
        _Put(rnd.choice(read), new).visit(tree)
    else:
        body.insert(place, ast.parse(rnd.choice(_STATEMENTS)).body[0])
