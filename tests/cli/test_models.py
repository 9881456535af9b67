"""`models` shows every model, and of one model all that a reader must know to judge it."""

from cls_infer.model import available, load_model


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
