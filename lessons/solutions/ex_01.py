"""The exercises of lesson 01: a tape of single numbers, its order, and the backward pass of a product."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, is_value, right, wrong

# ---- the tape that the notebook builds (the same text stands in its cells) ---------------------------


class Value:
    """One number, the Values that it was made from, and the way back to them."""

    def __init__(self, data, operands=(), pull=None, op="given"):
        self.data = data
        self.operands = operands
        self.pull = pull  # from the gradient of this number to those of its operands
        self.op = op
        self.grad = 0.0

    def __add__(self, other):
        return add(self, other)

    def __mul__(self, other):
        return multiply(self, other)


def add(a, b):
    """y = a + b, so dy/da = 1 and dy/db = 1."""
    return Value(a.data + b.data, (a, b), lambda dy: (dy, dy), "+")


def multiply(a, b):
    """y = a · b, so dy/da = b and dy/db = a."""
    return Value(a.data * b.data, (a, b), lambda dy: (dy * b.data, dy * a.data), "×")


def at_once(node, dy):
    """Pass the gradient on the moment that it arrives. This is wrong."""
    node.grad += dy
    if node.operands:
        for operand, d_operand in zip(node.operands, node.pull(node.grad)):
            at_once(operand, d_operand)


def in_order(output, order):
    """Go through the values in this order; each passes its gradient on once."""
    output.grad = 1.0
    for node in order:
        if node.operands:
            for operand, d_operand in zip(node.operands, node.pull(node.grad)):
                operand.grad += d_operand


SHARED = (Value, add, multiply, at_once, in_order)

# ---- 01.tanh: a forward pass that records itself ----------------------------------------------------


def tanh(a):
    """y = tanh a, so dy/da = 1 − y²."""
    y = math.tanh(a.data)
    return Value(y, (a,), lambda dy: (dy * (1.0 - y * y),), "tanh")


def judge_tanh(attempt: Any) -> Verdict:
    """Right where the value, the operands and the way back are those of tanh."""
    for number in (0.5, -1.3, 0.0):
        a, case = Value(number), f"tanh of a Value holding {number}"
        y = attempt(a)
        for name in ("data", "operands", "pull"):
            if not hasattr(y, name):
                return wrong(f"the result is a {type(y).__name__} without .{name}, expected a Value", case=case)
        expected = math.tanh(number)
        if not isinstance(y.data, (int, float)) or abs(y.data - expected) > 1e-12:
            return wrong(f"data: expected {expected:.6f}, got {y.data!r}", case=case)
        if not isinstance(y.operands, tuple) or len(y.operands) != 1 or y.operands[0] is not a:
            slip = "without its operand the value is a dead end: (a,) with the comma is a tuple of one"
            return wrong(f"operands: expected (a,), got {_describe(y.operands)}", case=case, slip=slip)
        if y.pull is None:
            return wrong("pull is None: the way back is missing", case=case)
        found = y.pull(2.0)
        if not isinstance(found, tuple) or len(found) != 1:
            slip = "one gradient for each operand, also where there is one: (…,)"
            return wrong(f"pull(2.0): expected a tuple of 1, got {_describe(found)}", case=case, slip=slip)
        slope = 1.0 - expected**2
        if abs(found[0] - 2.0 * slope) > 1e-12:
            text = f"pull(2.0): expected {2.0 * slope:.6f}, got {found[0]:.6f}"
            return wrong(text, case=case, slip=_tanh_slip(found[0], number))
    return right("value, operands and way back at 3 points")


def _describe(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{value:.6f}" if isinstance(value, float) else f"a {type(value).__name__}"


def _tanh_slip(got: float, number: float) -> str:
    y = math.tanh(number)
    slips = (
        (1.0 - y * y, "the gradient that came in, dy, is not used: it has to be multiplied in"),
        (2.0 * (1.0 - number**2), "1 − a² instead of 1 − y²: the slope is written in terms of the result"),
        (2.0 * (1.0 - y), "1 − y instead of 1 − y²"),
        (2.0 * y, "tanh itself instead of its slope"),
        (2.0 * (1.0 - math.tanh(y) ** 2), "tanh is taken twice: y is already tanh a"),
    )
    return next((text for value, text in slips if abs(value - got) < 1e-9), "")


def _tanh_ignoring_dy(a):
    y = math.tanh(a.data)
    return Value(y, (a,), lambda dy: (1.0 - y * y,), "tanh")


def _tanh_slope_of_a(a):
    return Value(math.tanh(a.data), (a,), lambda dy: (dy * (1.0 - a.data**2),), "tanh")


def _tanh_dead_end(a):
    y = math.tanh(a.data)
    return Value(y, (), lambda dy: (dy * (1.0 - y * y),), "tanh")


def _tanh_no_tuple(a):
    y = math.tanh(a.data)
    return Value(y, (a,), lambda dy: dy * (1.0 - y * y), "tanh")


def _tanh_plain_number(a):
    return math.tanh(a.data)


def _tanh_of_the_value(a):
    return Value(math.tanh(a), (a,), lambda dy: (dy,), "tanh")


TANH_WRONG = (
    Wrong(_tanh_ignoring_dy, expect=("pull(2.0)", "dy, is not used")),
    Wrong(_tanh_slope_of_a, expect=("holding 0.5", "1 − a² instead of 1 − y²")),
    Wrong(_tanh_dead_end, expect=("operands: expected (a,), got a tuple of 0", "dead end")),
    Wrong(_tanh_no_tuple, expect=("expected a tuple of 1", "one gradient for each operand")),
    Wrong(_tanh_plain_number, expect=("the result is a float without .data",)),
    Wrong(_tanh_of_the_value, expect=("your code raised TypeError", "return Value(math.tanh(a), (a,)")),
)

# ---- 01.predict ------------------------------------------------------------------------------------

PREDICTION = {"y, with +=": 7.0, "y, with =": 3.0, "c, with +=": 4.0, "c, with =": 1.0}
WHY = {
    "y, with +=": "a is used three times: on the left of ×, on the right of ×, and in the +",
    "y, with =": "each of the three contributions takes the place of the one before; the last is left",
    "c, with +=": "b gets 1 twice before it has its turn, and then sends 2 to a, twice",
    "c, with =": "b is left with 1, the second of two, and a with the second of what b sends",
}
PREDICT_WRONG = (
    Wrong(PREDICTION | {"y, with +=": 4.0}, expect=("3 of 4", "'y, with +=': 4.0", "three times")),
    Wrong(PREDICTION | {"y, with =": 7.0}, expect=("3 of 4", "takes the place of the one before")),
    Wrong(PREDICTION | {"c, with +=": 6.0, "c, with =": 4.0}, expect=("2 of 4", "sends 2 to a", "left with 1")),
    Wrong(7.0, expect=("expected a dictionary",)),
)

# ---- 01.backward_order ------------------------------------------------------------------------------


def backward_order(output):
    """Every value behind output, each once, and before the values that it was made from."""
    users, seen, to_visit = {output: 0}, {output}, [output]
    while to_visit:  # first find out how many times each value is used
        for operand in to_visit.pop().operands:
            users[operand] = users.get(operand, 0) + 1
            if operand not in seen:
                seen.add(operand)
                to_visit.append(operand)
    order, ready = [], [output]
    while ready:  # a value is ready when everyone who used it has had their turn
        node = ready.pop()
        order.append(node)
        for operand in node.operands:
            users[operand] -= 1
            if users[operand] == 0:
                ready.append(operand)
    return order


def order_cases() -> list[tuple[str, Value, dict[int, str]]]:
    """Graphs of growing difficulty: a label, the output, and the names of the values in it."""

    def named(label: str, **values: Value) -> tuple[str, Value, dict[int, str]]:
        return label, list(values.values())[-1], {id(value): name for name, value in values.items()}

    a = Value(3.0)
    cases = [named("a alone", a=a)]
    b = a + a
    cases.append(named("b = a + a; c = b + b", a=a, b=b, c=b + b))
    a, w = Value(3.0), Value(2.0)
    p = a * w
    q = p * p
    cases.append(named("p = a·w; q = p·p; y = q + p", a=a, w=w, p=p, q=q, y=q + p))
    a = Value(3.0)
    p = a * a
    q = p * p
    r = q * q
    cases.append(named("p = a·a; q = p·p; r = q·q; y = a + r", a=a, p=p, q=q, r=r, y=a + r))
    chain = [Value(1.0)]
    for _ in range(10_000):
        chain.append(chain[-1] + chain[0])
    cases.append(("a chain of 10 000 additions", chain[-1], {id(v): f"value {i}" for i, v in enumerate(chain)}))
    return cases


def judge_order(attempt: Any) -> Verdict:
    """Right where each value comes once, before everything that it was made from, on every graph."""
    for label, output, names in order_cases():
        try:
            order = attempt(output)
        except RecursionError:
            return wrong(
                "the function calls itself until Python's call stack is full (RecursionError)",
                case=label,
                slip="one call inside another for every step; keep the values still to visit in a list instead",
            )
        if order is None:
            return wrong("the result is None: is the return missing?", case=label)
        if not isinstance(order, (list, tuple)) or not all(id(node) in names for node in order):
            return wrong("the result is not a list of the Values in the graph", case=label)
        trouble = _order_trouble(list(order), names)
        if trouble:
            return wrong(trouble[0], case=label, slip=trouble[1])
    return right("5 of 5 graphs, the longest with 10 001 values")


def _order_trouble(order: list[Value], names: dict[int, str]) -> tuple[str, str] | None:
    place: dict[int, int] = {}
    for position, node in enumerate(order):
        if id(node) in place:
            name = names[id(node)]
            return f"{name} comes twice, at places {place[id(node)]} and {position}", (
                "it would pass its gradient on twice; remember which values have been seen"
            )
        place[id(node)] = position
    missing = [name for identity, name in names.items() if identity not in place]
    if missing:
        return f"{', '.join(missing[:3])} not in the list ({len(order)} of {len(names)} values)", (
            "a value that was given, not computed, belongs to it too"
        )
    for node in order:
        for operand in node.operands:
            if place[id(operand)] < place[id(node)]:
                early, late = names[id(operand)], names[id(node)]
                text = (
                    f"{early} has its turn at place {place[id(operand)]}, before {late} at place {place[id(node)]}; "
                    f"but {late} was made from {early} and still has a gradient to give it"
                )
                if all(place[id(o)] < place[id(n)] for n in order for o in n.operands):
                    return text, "this is the order of the forward pass: reverse it"
                return text, "in the order in which they are met; a value may only come after all those that use it"
    return None


def _first_met(output):
    order, to_visit = [], [output]
    while to_visit:
        node = to_visit.pop(0)
        if node not in order[-50:] and node not in set(order):
            order.append(node)
            to_visit.extend(node.operands)
    return order


def _every_path(output):
    order, to_visit = [], [output]
    while to_visit:
        node = to_visit.pop()
        order.append(node)
        to_visit.extend(node.operands)
        if len(order) > 100_000:
            break
    return order


def _by_recursion(output):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(output)
    return order[::-1]


def _forward(output):
    return backward_order(output)[::-1]


def _without_leaves(output):
    return [node for node in backward_order(output) if node.operands]


ORDER_WRONG = (
    Wrong(_first_met, expect=("p = a·a; q = p·p; r = q·q; y = a + r", "was made from", "after all those that use it")),
    Wrong(_every_path, expect=("b = a + a; c = b + b", "comes twice", "pass its gradient on twice")),
    Wrong(_by_recursion, expect=("a chain of 10 000 additions", "RecursionError", "in a list instead")),
    Wrong(_forward, expect=("b = a + a; c = b + b", "order of the forward pass: reverse it")),
    Wrong(_without_leaves, expect=("a alone", "a not in the list")),
)

# ---- 01.fool: break something on purpose -------------------------------------------------------------


def fool(a):
    """A result of a, by + and ×, for which passing gradients on at once goes wrong."""
    b = a * a
    return b * b


def judge_fool(attempt: Any) -> Verdict:
    """Right where passing on at once and going in order disagree about the gradient of a."""
    given = Value(3.0)
    output = attempt(given)
    if not all(hasattr(output, name) for name in ("operands", "pull", "grad")):
        return wrong(f"the result is {_describe(output)}, expected a Value made from a by + and ×")
    order = backward_order(output)
    if given not in order:
        return wrong("the result was not made from a", slip="use the a that is handed in, not a new Value")
    if len(order) > 40:
        return wrong(f"{len(order)} values; a handful is enough", slip="at once takes 2ⁿ steps on some graphs")
    uses = {node: sum(o is node for n in order for o in n.operands) for node in order}
    at_once(output, 1.0)
    careless = given.grad
    for node in order:
        node.grad = 0.0
    in_order(output, order)
    if careless != given.grad:
        return right(f"at once gives da = {careless:g}, in order da = {given.grad:g}")
    if max(uses.values()) < 2:
        return wrong(
            f"both give da = {careless:g}: every value in your graph is used once, it is a chain or a tree",
            slip="there each gradient is complete when it arrives; use a value twice",
        )
    return wrong(
        f"both give da = {careless:g}: the only value that is used more than once is a itself",
        slip="a has nothing to pass on, so nothing is passed on too early; use a value twice that was made from a",
    )


def _fool_chain(a):
    return (a + Value(1.0)) * Value(2.0)


def _fool_shared_input(a):
    return a * a + a


def _fool_without_a(a):
    b = Value(3.0)
    return (b + b) * (b + b)


def _fool_number(a):
    return a.data + a.data


FOOL_WRONG = (
    Wrong(_fool_chain, expect=("both give da = 2", "a chain or a tree", "use a value twice")),
    Wrong(_fool_shared_input, expect=("both give da = 7", "is a itself", "passed on too early")),
    Wrong(_fool_without_a, expect=("was not made from a",)),
    Wrong(_fool_number, expect=("expected a Value made from a",)),
)

# ---- 01.multiply_backward: arrays, by hand ----------------------------------------------------------


def unbroadcast(dy, shape):
    """The gradient of an array of this shape, from dy, that of the array it was stretched to."""
    dx = dy.sum(axis=tuple(range(dy.ndim - len(shape))))
    return dx.sum(axis=tuple(axis for axis, length in enumerate(shape) if length == 1), keepdims=True)


def multiply_backward(dy, a, b):
    """From dy, the gradient of y = a * b, to (da, db)."""
    da = unbroadcast(dy * b, a.shape)
    db = unbroadcast(dy * a, b.shape)
    return da, db


def multiply_cases() -> list[Case]:
    """Same shapes, a stretched a, a stretched b, both stretched."""
    rng = np.random.default_rng(3)
    pairs = (((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (5, 3, 4)), ((3, 1), (1, 4)))
    return [
        Case(
            f"a {first}, b {second}",
            (rng.normal(size=np.broadcast_shapes(first, second)), rng.normal(size=first), rng.normal(size=second)),
        )
        for first, second in pairs
    ]


def _factors_swapped(dy, a, b):
    return unbroadcast(dy * a, a.shape), unbroadcast(dy * b, b.shape)


def _no_unbroadcast(dy, a, b):
    return dy * b, dy * a


def _dy_ignored(dy, a, b):
    ones = np.ones_like(dy)
    return unbroadcast(ones * b, a.shape), unbroadcast(ones * a, b.shape)


def _summed_too_early(dy, a, b):
    return unbroadcast(dy, a.shape) * b, unbroadcast(dy, b.shape) * a


def _results_swapped(dy, a, b):
    da, db = multiply_backward(dy, a, b)
    return db, da


MULTIPLY_WRONG = (
    Wrong(_factors_swapped, slip="dy/da is b: the gradient of each factor holds the other one", expect=("da differs",)),
    Wrong(_no_unbroadcast, expect=("a (3, 4), b (4,)", "db has shape (3, 4), expected (4,)", "summed over")),
    Wrong(_dy_ignored, slip="dy is not used: this is the gradient of the sum of y, not of what dy stands for"),
    Wrong(_summed_too_early, expect=("a (3, 4), b (4,)", "db has shape (3, 4), expected (4,)")),
    Wrong(_results_swapped, slip="da and db have changed places in the return"),
)

# ---- the exercises ----------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="01.tanh",
        title="An operation that records itself",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=tanh,
        judge=judge_tanh,
        hints=(
            "Copy the shape of multiply: compute a number, return a Value with operands and a way back.",
            "The slope of tanh at a is 1 − y², with y = tanh a the result that you have just computed.",
            'y = math.tanh(a.data), then Value(y, (a,), lambda dy: (dy * …,), "tanh"). Mind the commas.',
        ),
        wrong=TANH_WRONG,
    ),
    Exercise(
        id="01.predict",
        title="Predict four gradients",
        minutes=4,
        difficulty=1,
        kind="predict",
        name="prediction",
        answer=PREDICTION,
        judge=is_value(PREDICTION, why=WHY),
        hints=(
            "How many times does y = a·a + a use a? Each use sends one gradient back to it.",
            "The + sends 1 to p = a·a and 1 to a; p sends 3 to a, and 3 again. Add them; or keep only the last.",
            "In y, a gets 1, 3, 3. In c, b gets 1, 1; only then it sends what it has to a, twice.",
        ),
        wrong=PREDICT_WRONG,
    ),
    Exercise(
        id="01.fool",
        title="Fool the walk that passes on at once",
        minutes=4,
        difficulty=2,
        kind="break",
        answer=fool,
        judge=judge_fool,
        hints=(
            "When does a value get part of its gradient early and the rest late?",
            "It must be used twice, and it must have somebody of its own to pass gradients on to.",
            "Two lines: b is made from a, and the result uses b twice.",
        ),
        wrong=FOOL_WRONG,
    ),
    Exercise(
        id="01.backward_order",
        title="An order in which every gradient is complete",
        minutes=12,
        difficulty=3,
        kind="build",
        answer=backward_order,
        judge=judge_order,
        hints=(
            "A value may have its turn when everybody who used it has had theirs.",
            "Two walks. First count how often each value is used as an operand. Then start from output; after the turn "
            "of a value, take one off the count of each of its operands; at 0 that operand is ready.",
            "users = {output: 0} filled by a first while loop over a list to_visit; then ready = [output], "
            "while ready: node = ready.pop(); order.append(node); for operand in node.operands: users[operand] -= 1 …",
        ),
        wrong=ORDER_WRONG,
    ),
    Exercise(
        id="01.multiply_backward",
        title="The backward pass of a product of arrays",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=multiply_backward,
        judge=agrees_with(multiply_backward, multiply_cases, outputs=(Output("da"), Output("db")), slips=MULTIPLY_WRONG,
                          praise="4 of 4 pairs of shapes"),
        hints=(
            "Begin with the numbers: as in the scalar tape, da is dy times the other factor.",
            "dy * b has the shape of y. Where a was stretched, its copies' gradients have to be added up.",
            "da = unbroadcast(dy * b, a.shape), and db in the same way.",
        ),
        wrong=MULTIPLY_WRONG,
    ),
)
