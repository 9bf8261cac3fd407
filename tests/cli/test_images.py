"""``train``, ``plot`` and ``compare`` on images that are read as images."""

from minigate.cli import main
from tests.data.test_images import write
from tests.train.test_images import SMALL, of


def test_train_plot_and_compare(tmp_path, capsys):
    folder = write(tmp_path / "images")
    for model in ("renet", "lenet"):
        options = [f"--set={key}={value}" for key, value in (SMALL | of(model)).items() if key != "model"]
        words = ["train", "images", "--folder", str(folder), "--model", model, "--out", str(tmp_path / model)]
        assert main([*words, *options]) == 0
        out = capsys.readouterr().out
        for expected in ("22 / 2 / 7 images to train / validate / test", "misclassified", "test images of each class"):
            assert expected in out, out
        assert "sequence" not in out
    assert main(["plot", str(tmp_path / "renet")]) == 0
    assert "receptive-field.png" in capsys.readouterr().out
    assert main(["compare", str(tmp_path / "renet"), str(tmp_path / "lenet"), "--no-plot"]) == 0
    assert main(["train", "images", "--model", "resnet"]) == 2
    assert main(["train", "images", "--help"]) == 0
    assert "cifar10-renet" in capsys.readouterr().out
