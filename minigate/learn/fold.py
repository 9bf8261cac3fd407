"""Long lines, folded: a notebook on a small screen breaks what is too long in the middle of a word.

JupyterLab wraps whatever is printed at the edge of the page, wherever that falls. So what a lesson prints
(a diagnosis, a hint, an error) and what it shows of the source is broken between words before it gets there.
"""

from __future__ import annotations

import textwrap

# Characters on a page of 1366 pixels with the list of files beside it; source is shown in larger letters.
PRINTED, SHOWN = 100, 96


def folded(text: object) -> str:
    """A text, or what an object prints as, with its long lines broken between words and set in.

    >>> print(folded(f"names: {', '.join(['layers.0.global.gate.left', 'layers.1.global.gate.left'] * 2)}"))
    names: layers.0.global.gate.left, layers.1.global.gate.left, layers.0.global.gate.left,
        layers.1.global.gate.left
    """
    return "\n".join(part for line in str(text).splitlines() for part in _wrapped(line, PRINTED, hang="    "))


def folded_source(text: str) -> str:
    """A piece of Python with its long lines broken, to be read and not to be run.

    Code is broken after a comma if there is one, and what follows is set in by eight; a comment beside it
    comes above it; in a docstring the words left over begin the next line of their paragraph.
    """
    lines, result, quoted = text.split("\n"), list[str](), False
    for k, line in enumerate(lines):
        in_docstring = quoted or '"""' in line
        quoted ^= line.count('"""') % 2 == 1
        if len(line) <= SHOWN:
            result.append(line)
        elif in_docstring:
            *whole, last = _wrapped(line, SHOWN, hang="  " if line.lstrip().startswith("- ") else "")
            if whole and quoted and _goes_on(line, lines[k + 1]):
                lines[k + 1] = f"{last} {lines[k + 1].lstrip()}"
            else:
                whole.append(last)
            result += whole
        elif line.lstrip().startswith("# "):
            result += _wrapped(line, SHOWN, hang="# ")
        else:
            code, _, comment = line.partition("  # ")
            result += _wrapped(f"{_margin(line)}# {comment}", SHOWN, hang="# ") if comment else []
            result += _broken(code)
    return "\n".join(result)


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _wrapped(line: str, width: int, hang: str) -> list[str]:
    if len(line) <= width:
        return [line]
    later = _margin(line) + hang
    return textwrap.wrap(line, width, subsequent_indent=later, break_long_words=False, break_on_hyphens=False)


def _goes_on(line: str, following: str) -> bool:
    """Does the paragraph of a docstring go on in the following line?"""
    starts_anew = following.lstrip().startswith(('"""', "- ", "**")) or not following.strip()
    return not starts_anew and _margin(line) == _margin(following)


def _broken(code: str) -> list[str]:
    """A line of code in two or more: after its last comma that fits, else at the last blank that does."""
    begins = len(_margin(code))
    comma, blank = code.rfind(", ", begins, SHOWN) + 1, code.rfind(" ", begins, SHOWN + 1)
    place = comma if comma > SHOWN // 2 else blank
    if len(code) <= SHOWN or place <= begins:
        return [code]
    return [code[:place], *_broken(f"{_margin(code)}{' ' * 8}{code[place:].lstrip()}")]
