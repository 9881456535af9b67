"""Equations on a page are those the model calls, written as Markdown keeps formulas."""

from cls_infer.model import available, load_model
from cls_infer.pages.equations import equations_of
from cls_infer.pages.markdown import formulas, prose, table


def test_a_model_calls_what_it_calls_directly_and_through_others():
    found = equations_of(load_model("clarkson_episode"))
    assert {"leak_drive", "wall_flux", "solute_flux", "urine_flow", "hazard_of_death"} <= set(found)
    assert "reflection_coefficient" in found  # health alone needs it
    assert "barrier_motion" not in found  # another model's
    assert "two_pore_flows" not in found  # puts others together, states no formula


def test_every_model_has_equations_but_the_one_that_needs_no_function_with_any():
    assert [name for name in available() if not equations_of(load_model(name))] == []


def test_formulas_are_fenced_so_that_markdown_leaves_them_alone():
    assert formulas(r"of $a_b\,c$ and") == r"of $`a_b\,c`$ and"
    assert formulas("so\n\n$$x\n  = y$$\n\nwith") == "so\n\n```math\nx\n= y\n```\n\nwith"


def test_arguments_become_a_list_and_the_reference_a_sentence():
    text = prose(
        "Return $x$.\n\nArgs:\n    a: first [L],\n        more of it.\n    b: second [1].\n\nReference:\n    A [F]."
    )
    assert text == "Return $`x`$.\n\n- `a`: first [L], more of it.\n- `b`: second [1].\n\nSource: A [F]."


def test_a_table_keeps_its_columns():
    assert table(("a", "b"), [(1.23456, "x|y"), (None, 2)]) == "| a | b |\n| --- | --- |\n| 1.235 | x\\|y |\n|  | 2 |"
