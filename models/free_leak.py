"""A leak of no prescribed course behind a two-pore wall, for the patient who follows no textbook.

The two-pore body, in health until `t_1`, then with a leak that wanders: log(m_L - 1) is a smooth Gaussian process
through nine knots, the first at `t_1` hours from time 0, one every `spacing` hours, the last at the patient's last
measurement or later. `length` is how many hours its turns take, `swing` how many log-units it strays, `m_L` what it
comes to at a usual peak; without a swing this is `two_pore`. A leak that a textbook course describes is better told
by that course: nine knots take far more measurements. Where a chart ends more than eight days after the first knot,
knots lie more than a day apart and blur an attack: hide what comes late (`--until`), or hold `spacing`. Flux is
positive out of plasma.
"""

from cls_infer.model import Parameter, fixed, lognormal, normal, usual_leak
from cls_infer.model.two_pore import two_pore_model, two_pore_parameters
from cls_infer.physiology import leak_about, smooth_course, treated_leak, two_pore_flows


def first_knot(patient):
    """Some hours before the charted onset, held, so that a steep rise lies between knots; otherwise time 0."""
    return normal(float(patient["onset"]) - 16.0 if "onset" in patient else 0.0, 0.0)


def knot_to_knot(patient):
    """An eighth of the time from the first knot to the last measurement, held, and half a day at least.

    What is measured after the last knot would hang on that one knot alone, which then trades against `swing`.
    """
    first = first_knot(patient).mean
    last = float(patient.get("last_measurement", first))
    return normal(max(12.0, (last - first) / 8), 0.0)


parameters = {
    # the course of the leak
    # held: the curve's own peaks scatter by a factor of two, as those of a cause do, and would scatter twice
    "m_L": Parameter("1", usual_leak("sepsis"), "usual peak by cause, else sepsis, physiology.md 1.4", reference=1.0),
    "swing": Parameter("1", lognormal(1.0, 0.3), "a factor of e either way, physiology.md 1.4 [A]"),
    "g_peak": Parameter("1", fixed(1.2), "median peak of a standard course, knots 6/7 of a length apart [D]"),
    "t_1": Parameter("h", first_knot, "charted onset less 16 h, else time 0 [A]"),
    "spacing": Parameter("h", knot_to_knot, "last knot at the last measurement, 12 h at least [A]"),
    "length": Parameter(
        "h",
        normal(14.0, 0.0),
        "held; leaks turn within a day, physiology.md 7 [A]; a chart hardly tells it",
        proportional_to="spacing",
    ),
    "m_max": Parameter("1", fixed(100.0), "beyond any leak seen; keeps the tail of the prior solvable [A]"),
    **{f"z_{k}": Parameter("1", normal(0.0, 1.0), f"knot {k}: standard normal by construction") for k in range(1, 10)},
    **two_pore_parameters,
}


def flows(t, y, p, h, u):
    knots = (p.z_1, p.z_2, p.z_3, p.z_4, p.z_5, p.z_6, p.z_7, p.z_8, p.z_9)
    course = smooth_course(t, knots, p.t_1, p.spacing, p.length)
    m_L = leak_about(p.m_L, p.m_max, p.swing * (course - p.g_peak))
    return two_pore_flows(y, p, h, u, m_L=treated_leak(m_L, u, p), intake=u.intake)


model = two_pore_model(__doc__, parameters, flows, begins="t_1")
