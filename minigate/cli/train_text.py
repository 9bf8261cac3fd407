"""What ``minigate train`` says to people: the beginning, a table that grows, and the result, for each experiment."""

from __future__ import annotations

import math
from typing import Any

Record = dict[str, Any]


class Text:
    """Prints the events of a run. An experiment says what its data are, what the columns are, and what came out."""

    #: What stands above the table.
    head: str

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    def __call__(self, kind: str, record: Record) -> None:
        """Print one event; when quiet, the result only."""
        if kind == "result":
            print(self.result(record), flush=True)
        elif not self.quiet:
            print(self.begin(record) if kind == "begin" else self.measure(record), flush=True)

    def begin(self, record: Record) -> str:
        """The resolved configuration, the data, the versions, and the head of the table."""
        pairs = ", ".join(
            f"{name}={value}" for name, value in record["config"].items() if value != "" and value is not False
        )
        resumed = f", resumed after update {record['resumed']}" if record["resumed"] else ""
        lines = [
            f"experiment  {record['experiment']}: {record['parameters']:,} parameters",
            f"config      {pairs}",
            *self.data(record["data"]),
            f"versions    {', '.join(f'{name} {version}' for name, version in record['versions'].items())}",
            f"run         {record['run']}{resumed}",
            "",
            self.head,
        ]
        return "\n".join(lines)

    def measure(self, record: Record) -> str:
        """One line of the table."""
        if record.get("diverged"):
            return f"{record['step']:8d}  not finite"
        if "halvings" in record:
            halved = f"learning rate halved, {record['halvings']} times by now"
            return f"{record['step']:8d}  a gradient of norm {record['gradient_norm']:.3g}: {halved}"
        return self.row(record)

    def data(self, data: Record) -> list[str]:
        """What is learnt from."""
        raise NotImplementedError(f"{type(self).__name__}.data")

    def row(self, record: Record) -> str:
        """What an evaluation found."""
        raise NotImplementedError(f"{type(self).__name__}.row")

    def result(self, record: Record) -> str:
        """The score on the test part, and what the model can show."""
        raise NotImplementedError(f"{type(self).__name__}.result")


class CharLMText(Text):
    """Bits per character, and a sample."""

    head = f"bits per character\n{'update':>8}  {'train':>7}  {'valid':>7}  {'seconds':>8}  {'chars/s':>8}"

    def data(self, data: Record) -> list[str]:
        """The text, its parts, its vocabulary, and how much of it is known by heart."""
        counts = " / ".join(f"{count:,}" for count in data["characters"].values())
        repeats = data["repeats"]
        return [
            f"text        {data['text']}",
            f"parts       {counts} characters to train / validate / test",
            f"vocabulary  {data['symbols']}",
            f"repeats     {repeats['valid']:.0%} of the validation and {repeats['test']:.0%} of the test text "
            "stand word for word in the training text",
        ]

    def row(self, record: Record) -> str:
        """Bits per character in training and validation, and the speed."""
        bits, speed = record["loss"] / math.log(2), record["characters_per_second"]
        return f"{record['step']:8d}  {bits:7.3f}  {record['valid_bpc']:7.3f}  {record['seconds']:8.1f}  {speed:8,.0f}"

    def result(self, record: Record) -> str:
        """The test score of the best model, and a sample of it."""
        return (
            f"\nbest on the validation text after update {record['best_update']}: {record['valid_bpc']:.3f} bits per "
            f"character; on the test text {record['test_bpc']:.3f} ({record['seconds']:.0f} s)\n\n"
            f"sample (temperature 0.8, seed 0):\n{record['sample']}\n\n"
            f'another one: minigate sample {record["run"]} --prime "The " --seed 1'
        )


class ProgramsText(Text):
    """Right symbols and right answers, by difficulty, and some answers."""

    head = (
        f"{'':8}  right symbols     whole answers  at the curriculum's level\n"
        f"{'update':>8}  {'train':>7}  {'valid':>7}  {'valid':>13}  {'level':>7}  {'symbols':>7}  "
        f"{'seconds':>8}  {'symbols/s':>9}"
    )

    def data(self, data: Record) -> list[str]:
        """The task and one of its problems."""
        return [
            f"problems    {data['text']}",
            f"symbols     {data['symbols']}",
            f"example     {data['example']}",
        ]

    def row(self, record: Record) -> str:
        """Shares of right symbols in training and validation, of right answers, and where the curriculum stands."""
        trained, valid, level = (1.0 - record[f"{part}_error"] for part in ("train", "valid", "level"))
        at = "{}, {}".format(*record["level"])
        return (
            f"{record['step']:8d}  {trained:7.1%}  {valid:7.1%}  {record['valid_whole']:13.1%}  {at:>7}  {level:7.1%}  "
            f"{record['seconds']:8.1f}  {record['symbols_per_second']:9,.0f}"
        )

    def result(self, record: Record) -> str:
        """Both accuracies on the test part, overall and for every difficulty, and some answers."""
        valid, test = 1 - record["valid_error"], 1 - record["test_error"]
        lines = [
            f"\nbest on the validation part after update {record['best_update']}: {valid:.1%} of the symbols right; "
            f"on the test part {test:.1%}, and {record['test_whole']:.1%} of the answers ({record['seconds']:.0f} s)",
            "",
            *_grid(record["grid"]),
            "",
            *(f"{each['problem']}  →  {each['answer']}{_verdict(each)}" for each in record["answers"]),
            "",
            f"pictures: minigate plot {record['run']}     a program of yours: minigate predict {record['run']}",
        ]
        return "\n".join(lines)


def _verdict(each: Record) -> str:
    return "  (right)" if each["answer"] == each["right"] else f"  ({each['right']} is right)"


def _grid(grid: Record) -> list[str]:
    """A row for each length, a column for each nesting: right symbols, and right answers in brackets."""
    lines = [f"test, {grid['examples']} problems of each difficulty: right symbols (right answers)"]
    lines.append(f"{'length':>8}  " + "".join(f"{f'nesting {n}':>18}" for n in grid["nestings"]))
    for length, symbols, answers in zip(grid["lengths"], grid["symbols"], grid["answers"], strict=True):
        cells = (f"{f'{one:.1%} ({whole:.1%})':>18}" for one, whole in zip(symbols, answers, strict=True))
        lines.append(f"{length:8d}  " + "".join(cells))
    return lines


class ClassifyingText(Text):
    """Misclassified images, and what was taken for what."""

    head = (
        f"{'':8}  {'':7}  misclassified\n"
        f"{'update':>8}  {'epoch':>7}  {'train':>7}  {'valid':>7}  {'seconds':>8}  {'images/s':>8}"
    )

    def data(self, data: Record) -> list[str]:
        """The images, their parts, and what a sequence is where they are read as one."""
        counts = " / ".join(f"{count:,}" for count in data["images"].values())
        return [
            f"images      {data['text']}",
            f"parts       {counts} images to train / validate / test; {data['epoch']:,} updates are an epoch",
            *([f"sequence    {data['sequence']}"] if "sequence" in data else []),
        ]

    def row(self, record: Record) -> str:
        """Shares of misclassified images in training and validation."""
        return (
            f"{record['step']:8d}  {record['epoch']:7.2f}  {record['train_error']:7.2%}  {record['valid_error']:7.2%}  "
            f"{record['seconds']:8.1f}  {record['images_per_second']:8,.0f}"
        )

    def result(self, record: Record) -> str:
        """The error on the test part, of each class too, and the confusion matrix."""
        enough, reached = record["enough"], record["updates_to_enough"]
        when = f"after {reached:,} updates" if reached else "never reached"
        lines = [
            f"\nbest on the validation part after update {record['best_update']}: {record['valid_error']:.2%} of the "
            f"images misclassified; on the test part {record['test_error']:.2%} ({record['seconds']:.0f} s)",
            f"{1 - enough:.0%} of the validation part right: {when}",
            "",
            *_confusion(record),
            "",
            f"pictures: minigate plot {record['run']}",
        ]
        return "\n".join(lines)


def _confusion(record: Record) -> list[str]:
    """A row for each class, with its error; a column for each class that it was taken for."""
    classes, counts = record["classes"], record["confusion"]
    wide = max(5, *(len(name) for name in classes)) + 1
    lines = ["test images of each class (row) by what they were taken for (column)"]
    lines.append(" " * wide + "".join(f"{name:>{wide}}" for name in classes) + f"{'wrong':>{wide + 3}}")
    for name, row, error in zip(classes, counts, record["class_error"], strict=True):
        shown = "".join(f"{count or '·':>{wide}}" for count in row)
        lines.append(f"{name:>{wide}}{shown}" + (f"{'–':>{wide + 3}}" if error is None else f"{error:>{wide + 3}.2%}"))
    return lines


TEXTS: dict[str, type[Text]] = {
    "charlm": CharLMText,
    "programs": ProgramsText,
    "seqmnist": ClassifyingText,
    "images": ClassifyingText,
}
