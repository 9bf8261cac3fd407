"""Training, in reading order: ``optimisers`` (a gradient becomes a step), ``clipping`` and ``schedules`` (how long
a step may be), ``checkpoint`` (one file, whole or not there), ``run`` (a folder), ``interrupt`` (Ctrl-C),
``trainer`` (the loop), ``charlm`` (a character model), ``sampling`` (text from it), ``experiments`` (from the first
line to the last), ``summary`` (how large a model is).
"""

from minigate.train.charlm import CharLM, CharLMConfig, CharModel
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.clipping import clip_gradient_norm, gradient_norm
from minigate.train.experiments import EXPERIMENTS, run_experiment
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp
from minigate.train.run import Run
from minigate.train.sampling import load_model, sample
from minigate.train.summary import summary
from minigate.train.trainer import Task, Trainer

__all__ = [
    "EXPERIMENTS",
    "SGD",
    "Adam",
    "CharLM",
    "CharLMConfig",
    "CharModel",
    "Checkpoint",
    "Optimiser",
    "RMSProp",
    "Run",
    "Task",
    "Trainer",
    "clip_gradient_norm",
    "gradient_norm",
    "load_checkpoint",
    "load_model",
    "run_experiment",
    "sample",
    "save_checkpoint",
    "summary",
]
