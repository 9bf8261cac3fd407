"""Weights from and to other frameworks: names, orders, signs and layouts, turned into one another."""

from minigate.convert.pytorch import from_torch, to_torch

__all__ = ["from_torch", "to_torch"]
