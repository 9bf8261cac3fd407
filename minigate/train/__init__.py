"""Training, in reading order: ``optimisers`` (a gradient becomes a step), ``clipping`` and ``schedules`` (how long
a step may be), ``checkpoint`` (one file, whole or not there), ``run`` (a folder), ``interrupt`` (Ctrl-C), ``progress``,
``trainer`` (the loop); then a character model: ``configuration`` and ``charlm_config`` (what can be set),
``charlm_presets`` (a paper's table), ``initialisation``, ``char_model``, ``sampling`` (text from it), ``charlm`` (the
task); ``experiments`` (from the first line to the last), ``summary`` (how large a model is).
"""

from minigate.train.char_model import CharModel
from minigate.train.charlm import CharLM
from minigate.train.charlm_config import CharLMConfig
from minigate.train.charlm_presets import PRESETS, parameter_count
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.clipping import clip_gradient_norm, gradient_norm
from minigate.train.experiments import EXPERIMENTS, run_experiment
from minigate.train.initialisation import author_initialisation
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp
from minigate.train.run import Run
from minigate.train.sampling import load_model, sample
from minigate.train.summary import summary
from minigate.train.trainer import Task, Trainer

__all__ = [
    "EXPERIMENTS",
    "PRESETS",
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
    "author_initialisation",
    "clip_gradient_norm",
    "gradient_norm",
    "load_checkpoint",
    "load_model",
    "parameter_count",
    "run_experiment",
    "sample",
    "save_checkpoint",
    "summary",
]
