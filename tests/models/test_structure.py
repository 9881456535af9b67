"""What a model is made of is read from its equations: compartments, what moves between them, what acts on what."""

import re
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.model import Model, Parameter, State, fixed, load_model
from cls_infer.model.check import USUAL_INPUT
from cls_infer.model.structure import OUTSIDE, short_names, structure_of

TISSUES = {"burn", "multi_tissue", "wheal"}  # their plasma sees totals, whose parts enter the tissues


def edges(name: str) -> set[tuple[str, str, str, str]]:
    return {(e.source, e.target, e.what, " + ".join(e.terms)) for e in structure_of(load_model(name)).edges}


def test_the_arrows_of_the_two_pore_body():
    found = edges("two_pore")
    assert {
        ("plasma", "interstitium", "volume", "J_S + J_L"),
        ("plasma", "interstitium", "albumin", "Js_A"),
        ("interstitium", "plasma", "volume", "J_lymph"),
        ("interstitium", "plasma", "other protein", "J_lymph·C_iG"),
        ("plasma", "urine", "volume", "J_urine"),
        (OUTSIDE, "plasma", "volume", "water"),
        ("plasma", OUTSIDE, "albumin", "k_deg_A·A_p"),
        ("red cells", OUTSIDE, "volume", "bleeding·whole_body_hematocrit"),
    } <= found
    within = {(source, target) for source, target, _, _ in found if OUTSIDE not in (source, target)}
    assert within == {("plasma", "interstitium"), ("interstitium", "plasma"), ("plasma", "urine")}


def test_what_is_given_is_told_from_what_the_body_does():
    given = {term: edge.given for edge in structure_of(load_model("two_pore")).edges for term in edge.terms}
    assert given["water"] and given["albuminuria·C_pA"] and given["bleeding·whole_body_hematocrit"]
    assert not given["J_urine"] and not given["J_u0·intake"] and not given["J_S"]


def test_levels_act_on_the_flows_they_change():
    influences = structure_of(load_model("two_pore")).influences
    on = {i.source: (i.target, i.on) for i in influences if i.by == "input"}
    assert on["diuresis"] == ("plasma", ("J_urine",))
    assert on["lymph_patency"] == ("interstitium", ("J_lymph",))
    assert on["venous_pressure"] == ("plasma", ("J_S", "J_L", "Js_A", "Js_G"))
    assert "water" not in on and "intake" not in on


def test_flows_within_flows_and_two_of_one_name_are_told_apart():
    found = edges("lung")
    assert ("plasma", "interstitium", "volume", "body.J_S + body.J_L") in found
    assert ("plasma", "lung", "volume", "lung.J_S + lung.J_L") in found
    assert ("lung", "alveoli", "albumin", "J_flood·C_lA") in found
    assert ("alveoli", "plasma", "other protein", "Js_clear_G") in found


def test_a_total_is_its_parts_and_what_cancels_is_gone():
    found = edges("burn")
    assert ("plasma", "burnt", "volume", "burnt.J_S + burnt.J_L") in found
    assert ("intact", "plasma", "albumin", "intact.J_lymph·intact.C_A") in found
    albumin_in = {terms for source, target, what, terms in found if target == "plasma" and what == "albumin"}
    assert not any("C_iA" in terms for terms in albumin_in)  # the mixed fluid's, which the tissues' own replace


def test_signals_act_on_each_other_and_on_the_wall():
    structure = structure_of(load_model("ang2_two_pore"))
    assert {"C", "Ang2", "E", "G", "S1"} <= set(structure.signals)
    acting = {(i.source, i.target) for i in structure.influences}
    assert {("C", "Ang2"), ("C", "E"), ("Ang2", "E"), ("E", "plasma"), ("anti_ang2", "E")} <= acting
    assert ("S1", "plasma") not in acting  # an output


class Body(NamedTuple):
    out: Any
    back: Any


class Nested(NamedTuple):
    body: Body
    total: Any
    fraction: Any


def small_model() -> Model:
    def flows(t, y, p, h, u):
        body = Body(out=p.k * y.a, back=p.k * y.b**2)
        return Nested(body, total=body.out + body.back, fraction=y.b / (y.a + y.b))

    def rates(f, y, p, h, u):
        return {
            "a": -f.body.out * f.fraction + f.body.back + 2 * u.water - u.bleeding * (1 - f.fraction),
            "b": f.fraction * f.body.out - f.body.back / p.k + p.k * f.body.out - f.body.out * p.k,
            "s": f.total - f.body.out,
        }

    states = {
        "a": State("L", lambda p, h: 1.0, what="volume", place="here"),
        "b": State("L", lambda p, h: 1.0, what="volume", place="there"),
        "s": State("1", lambda p, h: 0.0, what="signal"),
    }
    parameters = {"k": Parameter("1", fixed(0.5), "a test")}
    return Model("Small.", parameters, states, lambda p: (), flows, rates, {}, channels=("water", "bleeding"))


def test_a_small_model_is_read_as_it_is_written():
    found = structure_of(small_model())
    assert {str(edge) for edge in found.edges} == {
        "here -> there: out·fraction (volume)",
        "there -> here: back (volume)",
        "outside -> here: 2·water (volume)",
        "here -> outside: bleeding·(1 - fraction) (volume)",
    }
    assert found.signals == {"s": "signal"}
    assert found.balances["s"] == "back"
    assert found.balances["b"] == "fraction·out - back/k"


def test_names_are_as_short_as_they_can_be():
    paths = ["body.wall.J", "body.U", "lung.wall.J", "tissues.skin.V", "tissues.gut.V"]
    assert short_names(paths) == {
        "body.wall.J": "body.J",
        "body.U": "U",
        "lung.wall.J": "lung.J",
        "tissues.skin.V": "skin.V",
        "tissues.gut.V": "gut.V",
    }


def test_every_amount_and_volume_has_a_place_and_every_state_says_what_it_is(model):
    for name, state in model.states.items():
        assert state.what, name
        assert state.place or state.unit not in ("L", "g", "mmol") or name == "r", name  # r: a target, not a volume


def column_sums(model: Model) -> tuple[list[str], dict[str, np.ndarray]]:
    """Return the flows, and of each substance how its amount in the body changes with each flow; None mixes units."""
    p = model.reference()
    h = model.health(p)
    y = model.States(*(1.1 * float(value) + 0.3 for value in model.initial(p, h)))
    u = type(USUAL_INPUT)(*(float(value) for value in USUAL_INPUT))
    f = jax.tree.map(lambda a: jnp.asarray(a, float), model.flows(5.0, y, p, h, u))
    slopes = jax.jacfwd(lambda f: dict(model.rates(f, y, p, h, u)))(f)
    names = [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in jax.tree.leaves_with_path(f)]
    sums: dict[str, np.ndarray] = {}
    for name, state in model.states.items():
        if state.place:
            here = np.array([float(slope) for slope in jax.tree.leaves(slopes[name])])
            sums[state.what] = sums.get(state.what, 0.0) + here
    return names, sums


def test_what_moves_within_the_body_neither_makes_nor_loses_anything(model):
    """By the Jacobian of the rates, a second way to the arrows: what none to the outside holds sums to zero."""
    if model.name in TISSUES:
        pytest.skip("their totals and parts are one in the trace alone")
    structure = structure_of(model)
    names, sums = column_sums(model)
    for what, change in sums.items():
        if len({state.unit for state in model.states.values() if state.what == what}) > 1:
            continue  # below the glycocalyx it is a concentration
        outward = [e for e in structure.edges if e.what == what and OUTSIDE in (e.source, e.target)]
        words = {word.split(".")[-1] for e in outward for term in e.terms for word in re.findall(r"[\w.]+", term)}
        # rounding of products that cancel
        lost = {name.split(".")[-1] for name, sum_ in zip(names, change, strict=True) if abs(sum_) > 1e-12}
        assert lost <= words, what
