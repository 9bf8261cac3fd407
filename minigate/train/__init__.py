"""Training, in reading order: ``optimisers`` (a gradient becomes a step), ``clipping`` and ``schedules`` (how long
a step may be), ``checkpoint`` (one file, whole or not there), ``run`` (a folder), ``interrupt`` (Ctrl-C), ``progress``,
``trainer`` (the loop), ``curves`` (how it went); then a character model: ``configuration`` and ``charlm_config`` (what
can be set), ``charlm_presets`` (a paper's table), ``initialisation``, ``char_model``, ``charlm`` (the task),
``trained`` (a model from a run), ``sampling`` (text from it), ``tags`` (are they closed?), ``inside`` and ``pictures``
(its gates over a text); ``experiments`` (from the first line to the last), ``summary`` (how large a model is).
"""

from minigate.train.char_model import CharModel
from minigate.train.charlm import CharLM
from minigate.train.charlm_config import CharLMConfig
from minigate.train.charlm_presets import PRESETS, parameter_count
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.clipping import clip_gradient_norm, gradient_norm
from minigate.train.experiments import EXPERIMENTS, run_experiment
from minigate.train.initialisation import author_initialisation
from minigate.train.inside import feedback_over, gates_over, gradient_over, trace_over
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp
from minigate.train.run import Run
from minigate.train.sampling import sample
from minigate.train.summary import summary
from minigate.train.tags import Tags, closed_tags, count_tags
from minigate.train.trained import load_model
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
    "Tags",
    "Task",
    "Trainer",
    "author_initialisation",
    "clip_gradient_norm",
    "closed_tags",
    "count_tags",
    "feedback_over",
    "gates_over",
    "gradient_norm",
    "gradient_over",
    "load_checkpoint",
    "load_model",
    "parameter_count",
    "run_experiment",
    "sample",
    "save_checkpoint",
    "summary",
    "trace_over",
]
