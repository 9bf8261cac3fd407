"""What a lesson needs: exercises with checks, hints and solutions on demand; copies; a headless runner."""

from minigate.learn.attempt import ExerciseNotPassedError, Result, check, hint, judge, solution
from minigate.learn.compare import difference
from minigate.learn.exercise import Exercise, Judge, Verdict, Wrong, right, wrong
from minigate.learn.fold import folded
from minigate.learn.judges import Case, Output, agrees_with, is_value
from minigate.learn.library import Lesson, exercise, exercises, find_lesson, lessons, lessons_root
from minigate.learn.show import show

__all__ = [
    "Case",
    "Exercise",
    "ExerciseNotPassedError",
    "Judge",
    "Lesson",
    "Output",
    "Result",
    "Verdict",
    "Wrong",
    "agrees_with",
    "check",
    "difference",
    "exercise",
    "exercises",
    "find_lesson",
    "folded",
    "hint",
    "is_value",
    "judge",
    "lessons",
    "lessons_root",
    "right",
    "show",
    "solution",
    "wrong",
]
