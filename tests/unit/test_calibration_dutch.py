"""Whatever the calibration page says, it says in Dutch too."""

import ast
from pathlib import Path

import pytest

from opstap.calibration.dutch import DUTCH, in_dutch

FOLDER = Path(__file__).parents[2] / "src/opstap/calibration"
SAYING = ("wizard", "teaching", "solve", "bins", "projector", "projector_wizard", "desk")
NOT_SAID = ("python -m", "allowed: ", "not calibrated yet", "{} {} {}", "{} (", "%Y-", "NDArray", " x {", "k1 {")


def sentences(module: str) -> list[str]:
    """Every text of a module that is said to people, with {} for what is filled in."""
    tree = ast.parse((FOLDER / f"{module}.py").read_text())
    hidden = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}  # what explains the code
    hidden |= {id(v) for n in ast.walk(tree) if isinstance(n, ast.JoinedStr) for v in ast.walk(n) if v is not n}
    texts = []
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.JoinedStr):
            texts.append("".join(v.value if isinstance(v, ast.Constant) else "{}" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value)
    return [t for t in texts if len(t.split()) > 2 and not any(n in t for n in NOT_SAID)]


@pytest.mark.parametrize("module", SAYING)
def test_every_sentence_is_known(module):
    said = [t.replace("{}", "12.5") for t in sentences(module)]
    assert said
    assert [t for t in said if in_dutch(t) == t] == []


def test_numbers_and_names_stay_and_sentences_stand_beside_each_other():
    assert in_dutch("Hold a hand in bin_14 (gauze), the fingers inside its rim.") == (
        "Houd een hand in bin_14 (gauze), de vingers binnen de rand."
    )
    assert in_dutch("29 of 30 bins measured. The farthest stood 2.1 mm from where the scene has it.") == (
        "29 van 30 bakken gemeten. De verste stond 2.1 mm van waar de scène haar heeft."
    )
    assert in_dutch("Better try again. Nothing raised was seen: put empty bins or a box on the table, or heights are "
                    "only guessed.").startswith("Beter nog een keer. Niets hogers gezien")  # fmt: skip
    assert in_dutch("points             20") == "punten 20"
    assert in_dutch("a sentence that nobody wrote") == "a sentence that nobody wrote"


def test_what_is_filled_in_is_filled_in_everywhere():
    for english, dutch in DUTCH.items():
        assert english.count("{}") == dutch.count("{}"), english
