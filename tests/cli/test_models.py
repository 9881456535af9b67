"""`models` shows every model, and of one model all that a reader must know to judge it."""

from cls_infer.model import available, load_model
from cls_infer.model.load import models_folder


def test_every_model_is_listed(cls_infer):
    said = cls_infer("models")
    assert said.code == 0
    assert set(available()) <= set(said.out.split())
    assert [model["name"] for model in cls_infer("models", "--json").json["models"]] == available()


def test_one_model_is_shown_in_full(cls_infer):
    said = cls_infer("models", "two_pore")
    model = load_model("two_pore")
    words = set(said.out.replace(",", " ").split())
    for names in (
        model.parameters,
        model.healthy_ranges,
        model.states,
        model.observables,
        model.derived,
        model.channels,
    ):
        assert set(names) <= words
    shown = cls_infer("models", "two_pore", "--json").json
    m_L = shown["parameters"]["m_L"]
    assert (m_L["unit"], m_L["reference"], m_L["scope"]) == ("1", 1.0, "patient")
    assert m_L["prior"] == "1 + lognormal(1, 0.8), by covariates"
    assert shown["healthy_ranges"]["P_c0"]["prior"] == "lognormal(16, 0.22)"
    assert all(parameter["source"] for parameter in shown["parameters"].values())


def test_what_moves_and_what_acts_on_it_are_shown(cls_infer):
    lines = cls_infer("models", "two_pore").out.splitlines()
    assert "plasma -> interstitium: J_S + J_L (volume)" in lines
    assert "interstitium -> plasma: J_lymph·C_iA (albumin)" in lines
    assert "diuresis ~> plasma: J_urine" in lines
    shown = cls_infer("models", "two_pore", "--json").json
    wall = {"from": "plasma", "to": "interstitium", "what": "volume", "terms": ["J_S", "J_L"], "given": False}
    assert wall in shown["edges"]
    assert {"from": "lymph_patency", "to": "interstitium", "on": ["J_lymph"]} in shown["influences"]
    assert shown["states"]["V_i"] == {"unit": "L", "what": "volume", "place": "interstitium"} | {
        "rate": "J_S + J_L - J_lymph"
    }
    assert shown["diagram"].splitlines()[1] == "flowchart LR"


def test_therapy_scenarios_relatives_and_equations_are_shown(cls_infer):
    shown = cls_infer("models", "clarkson_episode", "--json").json
    assert "albumin_20" in shown["therapy"]["albumin"]["items"]
    assert shown["therapy"]["water"]["does"] == "outside -> plasma: volume"
    assert shown["therapy"]["lymph_patency"]["does"] == "changes J_lymph"
    assert "clarkson_16_l" in shown["scenarios"]
    assert list(shown["relatives"]) == ["two_pore"]
    assert {"leak_drive", "wall_flux"} <= set(shown["equations"])
    words = cls_infer("models", "clarkson_episode").out
    assert all(name in words for name in ("clarkson_16_l", "albumin_20", "leak_drive"))


def test_a_model_of_ones_own_is_shown_too(cls_infer, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text((models_folder() / "volume_kinetics.py").read_text(encoding="utf-8"), encoding="utf-8")
    assert (
        cls_infer("models", path, "--json").json["edges"]
        == cls_infer("models", "volume_kinetics", "--json").json["edges"]
    )


def test_pages_are_of_all_models(cls_infer, tmp_path):
    said = cls_infer("models", "two_pore", "--pages", tmp_path)
    assert said.code == 2 and "leave the name out" in said.err
