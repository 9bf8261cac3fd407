"""Programs that somebody types: right ones are run, wrong ones are told why, and none of them takes long."""

from random import Random

import pytest

from minigate.data import Programs, canonical, evaluate
from minigate.data.programs import compose
from minigate.errors import DataError
from tests.data.test_programs import printed_by_python

TYPED = [
    ("print(5)", 5),
    ("print(2+3*4-1)", 13),
    ("print((2+3)*4)@", 20),
    ("print(1-2-3)", -4),
    ("print(0)", 0),
    ("a=5#print(a)", 5),
    ("a = 5 ;\n\nprint( a * a )\n", 25),
    ("a=5\r\nb=a-7\r\nprint(b)@\r\n", -2),
    ("a=1\nfor x in range(10):a+=a\nprint(a)", 1024),
    ("a=1#for x in range(0):a-=5#print(a)@", 1),
    ("a=3#for x in range(4):a-=(a*2)#print(a)", 3),
    ("b=2#print(b+1 if b<3 else b*9)", 3),
    ("b=2#print(1 if b>3 else 2 if b>1 else 3)", 2),
    ("a=1;#a=a+1;#print(a)", 2),
]


@pytest.mark.parametrize(("script", "value"), TYPED)
def test_what_is_typed_is_run_as_python_would(script, value):
    assert evaluate(script) == value
    assert printed_by_python(script) == value
    again = canonical(script)
    assert evaluate(again) == value
    assert canonical(again) == again
    Programs.inputs.encode(again)  # a network can read it


def test_the_mark_and_the_line_ends_make_no_difference():
    random = Random("line ends")
    for _ in range(100):
        script, value = compose(random, 3, 4)
        spaced = script.replace("#", " \n ").replace("+", " + ").replace("(", "( ").replace("+ =", "+=")
        for typed in (script + "@", script.replace("#", "\n"), script.replace("#", "\r\n") + "@\n", spaced):
            assert evaluate(typed) == value
            assert canonical(typed) == script + "@"


BEGINS = "a line that begins with print, for, or a variable of a … j"
WRONG = [
    ("a==5", "line 1, character 2: a==5: expected '=', got '=='", "one = gives a variable its value"),
    ("a=5;print(a)", "line 1, character 5: a=5;print(a): expected the end of the line, got 'print'", '"#" begins the'),
    ("b=3#print(a)", "line 2, character 7: print(a): expected a number, a variable or '(', got 'a'", "no value yet; b"),
    ("print(5**2)", "character 8: print(5**2): expected ')', got '**'", "a square is (a*a)"),
    ("print(8/2)", "character 8: print(8/2): expected ')', got '/'", "nothing is divided"),
    ("print 5", "character 7: print 5: expected '(', got '5'", ""),
    ("while a<3:a+=1", f"character 1: while a<3:a+=1: expected {BEGINS}, got 'while'", ""),
    ("total=5#print(total)", f"character 1: total=5: expected {BEGINS}, got 'total'", "a variable is one letter"),
    ("ab=5#print(1)", f"character 1: ab=5: expected {BEGINS}, got 'ab'", "a variable is one letter, a to j"),
    ("k=5#print(k)", f"character 1: k=5: expected {BEGINS}, got 'k'", "a variable is one letter, a to j"),
    ("x=5#print(x)", f"character 1: x=5: expected {BEGINS}, got 'x'", "x only counts the turns"),
    ("a=5 # five\nprint(a)", f"line 2, character 2:  five: expected {BEGINS}, got 'five'", "it begins no comment"),
    ("a=1#for y in range(3):a+=1", "line 2, character 5: for y in range(3):a+=1: expected 'x', got 'y'", "with x"),
    ("a=1#for x in range(a):a+=1", "character 16: for x in range(a):a+=1: expected a whole number, got 'a'", ""),
    ("a=1#for x in range(0,3):a+=1", "expected ')', got ','", ""),
    ("a=1#for x in range(3):a+=x#print(a)", "expected a number, a variable or '(', got 'x'", "x only counts the turns"),
    ("for x in range(3):a+=1#print(a)", "expected a variable that has a value, got 'a'", "a has no value yet; no vari"),
    ("a=1\nfor x in range(3):\n a+=1\nprint(a)", "expected a variable of a … j, got the end", "on the same line"),
    ("a=1#for x in range(3):a=2", "expected '+=' or '-=', got '='", ""),
    ("a=5#a+=3#print(a)", "line 2, character 2: a+=3: expected '=', got '+='", "only in a loop: for x in range(1):a+="),
    ("print((1+2)", "character 12: print((1+2): expected ')', got the end of the line", ""),
    ("print(1+)", "expected a number, a variable or '(', got ')'", ""),
    ("print(-5)", "expected a number, a variable or '(', got '-'", "a number below zero is written (0-5)"),
    ("print(007)", "expected a number, got '007'", "does not begin with 0"),
    ("print(1 if 2<3else 4)", "expected a number, got '3else'", "behind a number a word needs a space"),
    ("print(1.5)", "expected ')', got '.'", "all numbers are whole"),
    ("print('a')", """expected a number, a variable or '(', got "'\"""", "numbers and no texts"),
    ("print(1 if 2==2 else 3)", "expected '<' or '>', got '=='", "only < and > compare"),
    ("print(1 if 2 else 3)", "expected '<' or '>', got 'else'", "a condition compares two numbers"),
    ("print(1 if 2<3)", "expected 'else', got ')'", ""),
    ("print(1)@#print(2)", "character 9: print(1)@: expected the end of the line, got '@'", "@ ends the script"),
    ("print(1)#print(2)", "line 2, character 1: print(2): expected nothing: the print is the last line", "one number"),
    ("print(\N{SNOWMAN})", "got '\N{SNOWMAN}'", ""),
    ("__import__('os')", f"expected {BEGINS}, got '__import__'", ""),
    ("a=5", "program: nothing is printed: expected print(…) as the last line, got 'a=5'", "…#print(a)@"),
    (" #\n@", "program: an empty program: expected at least print(…)", "a=5;#for x in range(3):a+=2#print(a)@"),
]


@pytest.mark.parametrize(("script", "text", "hint"), WRONG)
def test_what_is_wrong_is_named_with_its_place(script, text, hint):
    for run in (evaluate, canonical):
        with pytest.raises(DataError) as caught:
            run(script)
        first, *rest = str(caught.value).split("\n")
        assert text in first
        assert hint in "\n".join(rest)
        assert bool(hint) == bool(rest), rest


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("print(" + "1+" * 3000 + "1)", "expected at most 5,000 characters, got 6,008"),
        ("print(" + "9" * 4900 + ")", "expected numbers below 10⁵⁰ in size, got one of 4900 digits"),
        ("print(" + "(" * 60 + "1" + ")" * 60 + ")", "expected at most 50 expressions inside one another"),
        ("print(" + "1 if 1<2 else " * 60 + "1)", "expected at most 50 expressions inside one another"),
        ("a=2#for x in range(999):a+=a#print(a)", "expected numbers below 10⁵⁰ in size, got one of 51 digits"),
        ("print(" + "99*" * 60 + "1)", "expected numbers below 10⁵⁰ in size, got one of"),
        ("a=2#for x in range(9999999999):a+=1#print(a)", "expected at most 100,000 steps, got more"),
        ("a=1#" + "for x in range(3000):a+=1*1#" * 170 + "print(a)", "expected at most 100,000 steps, got more"),
    ],
)
def test_nothing_keeps_it_busy(script, text):
    with pytest.raises(DataError) as caught:
        evaluate(script)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 300


def test_any_text_is_run_as_python_would_or_refused():
    """Programs with one character changed, left out, or said twice."""
    random, symbols = Random("slips"), Programs.inputs.characters
    ran = 0
    for k in range(1500):
        script, _ = compose(random, 2, 1 + k % 3)
        at, stranger = int(random.random() * len(script)), symbols[int(random.random() * len(symbols))]
        changed = script[:at] + ("", stranger, script[at] * 2)[k % 3] + script[at + 1 :]
        try:
            value = evaluate(changed)
        except DataError:
            continue
        assert printed_by_python(changed) == value, changed
        assert evaluate(canonical(changed)) == value
        ran += 1
    assert ran > 300
