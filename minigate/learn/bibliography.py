"""The papers that minigate follows, and how a docstring names one of them.

A paper is known by its authors and its year: ``Chung et al. (2015)``, ``Gers & Schmidhuber (2000)``,
``Chung, Gulcehre, Cho & Bengio (ICML 2015)``. Which class follows which paper is written nowhere but in
the docstrings, under **Source**; here stand only the titles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Paper:
    """One publication: its name on the command line, all its authors' family names, year, title, where."""

    key: str
    authors: str
    year: int
    title: str
    where: str

    @property
    def names(self) -> tuple[str, ...]:
        """The family names of the authors, in order."""
        return tuple(re.split(r", | & ", self.authors))

    @property
    def citation(self) -> str:
        """How the text calls it: ``Cho et al. (2014)``, ``El Hihi & Bengio (1995)``."""
        return f"{self.names[0]} et al. ({self.year})" if len(self.names) > 2 else f"{self.authors} ({self.year})"

    def pattern(self) -> str:
        """A regular expression for every form in which a docstring may name it."""
        forms = [self.authors, f"{self.names[0]} et al."] if len(self.names) > 2 else [self.authors]
        who = "|".join(re.escape(form) for form in forms)
        return rf"(?<!& )\b(?:{who}) (?:\((?:[A-Z]+ )?{self.year}\)|{self.year}\b)"


PAPERS = (
    # ---- gated units and their layers ------------------------------------------------------------------
    Paper("gf-rnn", "Chung, Gulcehre, Cho & Bengio", 2015, "Gated Feedback Recurrent Neural Networks",
          "ICML 2015, arXiv:1502.02367"),
    Paper("renet", "Visin, Kastner, Cho, Matteucci, Courville & Bengio", 2015,
          "ReNet: A Recurrent Neural Network Based Alternative to Convolutional Networks", "arXiv:1505.00393"),
    Paper("kaf", "Scardapane, Van Vaerenbergh, Comminiello, Totaro & Uncini", 2018,
          "Recurrent Neural Networks with Flexible Gates using Kernel Activation Functions",
          "MLSP 2018, arXiv:1807.04065"),
    Paper("kafnets", "Scardapane, Van Vaerenbergh, Totaro & Uncini", 2019,
          "Kafnets: Kernel-based Non-parametric Activation Functions for Neural Networks",
          "Neural Networks 110, arXiv:1707.04035"),
    Paper("lstm", "Hochreiter & Schmidhuber", 1997, "Long Short-Term Memory", "Neural Computation 9(8)"),
    Paper("forget-gate", "Gers, Schmidhuber & Cummins", 2000, "Learning to Forget: Continual Prediction with LSTM",
          "Neural Computation 12(10)"),
    Paper("peepholes", "Gers & Schmidhuber", 2000, "Recurrent Nets that Time and Count", "IJCNN 2000"),
    Paper("cifg", "Greff, Srivastava, Koutník, Steunebrink & Schmidhuber", 2017, "LSTM: A Search Space Odyssey",
          "IEEE Transactions on Neural Networks and Learning Systems 28(10), arXiv:1503.04069"),
    Paper("forget-bias", "Jozefowicz, Zaremba & Sutskever", 2015,
          "An Empirical Exploration of Recurrent Network Architectures", "ICML 2015"),
    Paper("gru", "Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio", 2014,
          "Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation",
          "EMNLP 2014, arXiv:1406.1078"),
    Paper("gated-units", "Chung, Gulcehre, Cho & Bengio", 2014,
          "Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling", "arXiv:1412.3555"),
    Paper("rnn", "Elman", 1990, "Finding Structure in Time", "Cognitive Science 14(2)"),
    Paper("clockwork", "Koutník, Greff, Gomez & Schmidhuber", 2014, "A Clockwork RNN", "ICML 2014, arXiv:1402.3511"),
    Paper("time-scales", "El Hihi & Bengio", 1995,
          "Hierarchical Recurrent Neural Networks for Long-Term Dependencies", "NIPS 8"),
    Paper("leaky-units", "Jaeger, Lukoševičius, Popovici & Siewert", 2007,
          "Optimization and Applications of Echo State Networks with Leaky-Integrator Neurons",
          "Neural Networks 20(3)"),
    Paper("history", "Schmidhuber", 1992,
          "Learning Complex, Extended Sequences Using the Principle of History Compression", "Neural Computation 4(2)"),
    Paper("sgu", "Gao & Glowacka", 2016, "Deep Gate Recurrent Neural Network", "ACML 2016"),
    Paper("slstm", "Beck, Pöppel, Spanring, Auer, Prudnikova, Kopp, Klambauer, Brandstetter & Hochreiter", 2024,
          "xLSTM: Extended Long Short-Term Memory", "NeurIPS 2024, arXiv:2405.04517"),
    Paper("min-gru", "Feng, Tung, Ahmed, Bengio & Hajimirsadeghi", 2024, "Were RNNs All We Needed?",
          "arXiv:2410.01201"),
    Paper("md-lstm", "Graves, Fernández & Schmidhuber", 2007, "Multi-Dimensional Recurrent Neural Networks",
          "ICANN 2007, arXiv:0705.2011"),
    Paper("offline", "Graves & Schmidhuber", 2009,
          "Offline Handwriting Recognition with Multidimensional Recurrent Neural Networks", "NIPS 21"),
    Paper("stable-md", "Leifert, Strauß, Grüning, Wustlich & Labahn", 2016,
          "Cells in Multidimensional Recurrent Neural Networks", "JMLR 17(97)"),
    Paper("bidirectional", "Schuster & Paliwal", 1997, "Bidirectional Recurrent Neural Networks",
          "IEEE Transactions on Signal Processing 45(11)"),
    Paper("highway", "Srivastava, Greff & Schmidhuber", 2015, "Highway Networks", "arXiv:1505.00387"),
    Paper("nalu", "Trask, Hill, Reed, Rae, Dyer & Blunsom", 2018, "Neural Arithmetic Logic Units",
          "NeurIPS 2018, arXiv:1808.00508"),
    Paper("nau", "Madsen & Johansen", 2020, "Neural Arithmetic Units", "ICLR 2020, arXiv:2001.05016"),
    Paper("inalu", "Schlör, Ring & Hotho", 2020, "iNALU: Improved Neural Arithmetic Logic Unit",
          "Frontiers in Artificial Intelligence 3"),
    Paper("gain", "Kruschke & Movellan", 1991,
          "Benefits of Gain: Speeded Learning and Minimal Hidden Layers in Back-Propagation Networks",
          "IEEE Transactions on Systems, Man and Cybernetics 21(1)"),
    # ---- derivatives through time ----------------------------------------------------------------------
    Paper("bptt", "Werbos", 1990, "Backpropagation Through Time: What It Does and How to Do It",
          "Proceedings of the IEEE 78(10)"),
    Paper("truncated-bptt", "Williams & Peng", 1990,
          "An Efficient Gradient-Based Algorithm for On-Line Training of Recurrent Network Trajectories",
          "Neural Computation 2(4)"),
    Paper("windows", "Sutskever", 2013, "Training Recurrent Neural Networks", "thesis, University of Toronto"),
    Paper("bias", "Tallec & Ollivier", 2017, "Unbiasing Truncated Backpropagation Through Time", "arXiv:1705.08209"),
    Paper("checkpoints", "Griewank & Walther", 2000,
          "Algorithm 799: Revolve, an Implementation of Checkpointing for the Reverse or Adjoint Mode",
          "ACM Transactions on Mathematical Software 26(1)"),
    Paper("sublinear", "Chen, Xu, Zhang & Guestrin", 2016, "Training Deep Nets with Sublinear Memory Cost",
          "arXiv:1604.06174"),
    Paper("vanishing", "Bengio, Simard & Frasconi", 1994,
          "Learning Long-Term Dependencies with Gradient Descent is Difficult",
          "IEEE Transactions on Neural Networks 5(2)"),
    Paper("clipping", "Pascanu, Mikolov & Bengio", 2013, "On the Difficulty of Training Recurrent Neural Networks",
          "ICML 2013, arXiv:1211.5063"),
    Paper("scan", "Blelloch", 1990, "Prefix Sums and Their Applications", "CMU-CS-90-190"),
    Paper("log-scan", "Heinsen", 2023, "Efficient Parallelization of a Ubiquitous Sequential Computation",
          "arXiv:2311.06281"),
    Paper("complex-step", "Lyness & Moler", 1967, "Numerical Differentiation of Analytic Functions",
          "SIAM Journal on Numerical Analysis 4(2)"),
    Paper("complex-variables", "Squire & Trapp", 1998,
          "Using Complex Variables to Estimate Derivatives of Real Functions", "SIAM Review 40(1)"),
    Paper("roofline", "Williams, Waterman & Patterson", 2009,
          "Roofline: An Insightful Visual Performance Model for Multicore Architectures",
          "Communications of the ACM 52(4)"),
    # ---- the experiments -------------------------------------------------------------------------------
    Paper("programs", "Zaremba & Sutskever", 2014, "Learning to Execute", "arXiv:1410.4615"),
    Paper("seq2seq", "Sutskever, Vinyals & Le", 2014, "Sequence to Sequence Learning with Neural Networks",
          "NIPS 27, arXiv:1409.3215"),
    Paper("generating", "Graves", 2013, "Generating Sequences With Recurrent Neural Networks", "arXiv:1308.0850"),
    # ---- what is around them ---------------------------------------------------------------------------
    Paper("lenet", "LeCun, Bottou, Bengio & Haffner", 1998,
          "Gradient-Based Learning Applied to Document Recognition", "Proceedings of the IEEE 86(11)"),
    Paper("batch-norm", "Ioffe & Szegedy", 2015,
          "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift",
          "ICML 2015, arXiv:1502.03167"),
    Paper("layer-norm", "Ba, Kiros & Hinton", 2016, "Layer Normalization", "arXiv:1607.06450"),
    Paper("dropout", "Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov", 2014,
          "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", "JMLR 15"),
    Paper("recurrent-dropout", "Zaremba, Sutskever & Vinyals", 2014, "Recurrent Neural Network Regularization",
          "arXiv:1409.2329"),
    Paper("embedding", "Bengio, Ducharme, Vincent & Jauvin", 2003, "A Neural Probabilistic Language Model", "JMLR 3"),
    Paper("glorot", "Glorot & Bengio", 2010,
          "Understanding the Difficulty of Training Deep Feedforward Neural Networks", "AISTATS 2010"),
    Paper("orthogonal", "Saxe, McClelland & Ganguli", 2014,
          "Exact Solutions to the Nonlinear Dynamics of Learning in Deep Linear Neural Networks",
          "ICLR 2014, arXiv:1312.6120"),
    Paper("momentum", "Polyak", 1964, "Some Methods of Speeding up the Convergence of Iteration Methods",
          "USSR Computational Mathematics and Mathematical Physics 4(5)"),
    Paper("nesterov", "Nesterov", 1983,
          "A Method for Solving the Convex Programming Problem with Convergence Rate O(1/k²)",
          "Soviet Mathematics Doklady 27"),
    Paper("nesterov-form", "Sutskever, Martens, Dahl & Hinton", 2013,
          "On the Importance of Initialization and Momentum in Deep Learning", "ICML 2013"),
    Paper("adam", "Kingma & Ba", 2015, "Adam: A Method for Stochastic Optimization", "ICLR 2015, arXiv:1412.6980"),
    Paper("cosine", "Loshchilov & Hutter", 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts",
          "ICLR 2017, arXiv:1608.03983"),
)  # fmt: skip

#: Anything that looks like a citation, whether or not the paper is known.
_LOOKS_LIKE_ONE = re.compile(r"\b[A-Z][\w’-]+(?: et al\.)? (?:\((?:[A-Z]+ )?(?:1[89]|20)\d\d\)|(?:1[89]|20)\d\d\))")


def cited(text: str) -> list[Paper]:
    """The papers that a text names, in the order in which it names them, each once."""
    return list(dict.fromkeys(paper for _, paper in sorted(_found(text), key=lambda each: each[0])))


def unknown_citations(text: str) -> list[str]:
    """What looks like a citation in a text and is none of the papers here."""
    known = [span for span, _ in _found(text)]
    return [
        match[0] for match in _LOOKS_LIKE_ONE.finditer(text)
        if not any(start <= match.start() and match.end() <= end + 1 for start, end in known)
    ]  # fmt: skip


@cache
def _found(text: str) -> tuple[tuple[tuple[int, int], Paper], ...]:
    """Where which paper is named. Of two that overlap it is the longer one."""
    possible = [paper for paper in PAPERS if str(paper.year) in text and paper.names[0] in text]
    spans = [(match.span(), paper) for paper in possible for match in re.finditer(paper.pattern(), text)]
    return tuple(
        (span, paper) for span, paper in spans
        if not any(a <= span[0] and span[1] <= b and (a, b) != span for (a, b), _ in spans)
    )  # fmt: skip
