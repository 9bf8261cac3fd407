"""Training, in reading order: ``trainable`` (what can be), ``optimisers`` (a gradient becomes a step), ``clipping`` and
``schedules`` (how long a step may be), ``checkpoint`` (one file, whole or not there), ``run`` (a folder), ``interrupt``
(Ctrl-C), ``progress``, ``trainer`` (the loop), ``curves`` (how it went), ``configuration`` and ``training_config``
(what can be set), ``wiring`` and ``recurrent_part`` (which cells, and who reads whom), ``initialisation`` (how their
weights begin), ``wired_config`` (these as settings).

Then a character model: ``charlm_config``, ``charlm_presets`` (a paper's table), ``char_model``,
``charlm`` (the task), ``trained`` (a model from a run), ``sampling`` (text from it), ``tags`` (are they closed?),
``inside`` and ``pictures`` (its gates over a text).

Then programs that are answered: ``curricula`` (which problems come when), ``programs_config``, ``programs_presets``,
``program_model``, ``answers`` (how many are right), ``programs`` (the task), ``predicting`` (a problem of your own).

Then images: ``classifying`` (the task, whatever reads them) and ``mistakes`` (pictures of what went wrong). Read as
sequences: ``named_gates``, ``seqmnist_presets``, ``seqmnist_config``, ``seqmnist_model``, ``seqmnist`` and
``seqmnist_pictures`` (its gates). As images: ``image_models`` (what ReNet is measured against), ``images_presets``,
``images_config``, ``image_classifier``, ``images`` and ``images_pictures`` (what each sweep has seen).

Last ``experiments`` (from the first line to the last), ``seeds`` (runs that differ only in theirs) and ``summary`` (how
large a model is).
"""

from minigate.train.answers import Score, score_pairs
from minigate.train.char_model import CharModel
from minigate.train.charlm import CharLM
from minigate.train.charlm_config import CharLMConfig
from minigate.train.charlm_presets import PRESETS, parameter_count
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.classifying import Classifying
from minigate.train.clipping import clip_gradient_norm, gradient_norm
from minigate.train.curricula import CURRICULA
from minigate.train.experiments import EXPERIMENTS, run_experiment
from minigate.train.image_classifier import ImageClassifier, load_image_classifier
from minigate.train.images import ClassifyingImages
from minigate.train.images_config import ImagesConfig
from minigate.train.initialisation import author_initialisation, uniform_initialisation
from minigate.train.inside import feedback_over, gates_over, gradient_over, trace_over
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp
from minigate.train.predicting import Prediction, predict
from minigate.train.program_model import load_solver
from minigate.train.programs import Answering
from minigate.train.programs_config import ProgramsConfig
from minigate.train.run import Run
from minigate.train.sampling import sample
from minigate.train.seeds import over_seeds
from minigate.train.seqmnist import ClassifyingSequences
from minigate.train.seqmnist_config import SeqMnistConfig
from minigate.train.seqmnist_model import SequenceClassifier, load_classifier
from minigate.train.summary import summary
from minigate.train.tags import Tags, closed_tags, count_tags
from minigate.train.trained import load_model
from minigate.train.trainer import Task, Trainer

__all__ = [
    "CURRICULA",
    "EXPERIMENTS",
    "PRESETS",
    "SGD",
    "Adam",
    "Answering",
    "CharLM",
    "CharLMConfig",
    "CharModel",
    "Checkpoint",
    "Classifying",
    "ClassifyingImages",
    "ClassifyingSequences",
    "ImageClassifier",
    "ImagesConfig",
    "Optimiser",
    "Prediction",
    "ProgramsConfig",
    "RMSProp",
    "Run",
    "Score",
    "SeqMnistConfig",
    "SequenceClassifier",
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
    "load_classifier",
    "load_image_classifier",
    "load_model",
    "load_solver",
    "over_seeds",
    "parameter_count",
    "predict",
    "run_experiment",
    "sample",
    "save_checkpoint",
    "score_pairs",
    "summary",
    "trace_over",
    "uniform_initialisation",
]
