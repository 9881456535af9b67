"""Whatever a table holds, reading it returns a cohort or says what is wrong; nothing else is ever raised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cls_infer.cohort import ITEMS, VARIABLES, Cohort, measurements, patients, read_cohort, therapy
from cls_infer.errors import InputError

ODD = st.one_of(
    st.sampled_from(["", "P1", "P2", "0", "-3", "1e9", "1e308", "1e999", "nan", "<10", '"', "\x00", "\u0661"]),
    st.sampled_from(["2024-03-05", "2024-03-05T10:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-12:00"]),
    st.sampled_from(["%", "g/dL", "mL", "mL/h", "unit", "degC/h", "//", "h", "days", "below", "male", "4,1"]),
    st.sampled_from([*VARIABLES, *ITEMS]),
    st.integers(-100, 100).map(str),
    st.text(max_size=5),
)


def measured(number, name):
    """A row of measurements.csv as it should be."""
    variable = VARIABLES[name]
    cells = {"patient": "P1", "time": f"{number}", "variable": name, "unit": variable.unit}
    window = {"window": "6"} if name == "urine" else {}
    return {**cells, "value": f"{(variable.low + variable.high) / 2}", **window}


def treated(number, name):
    """A row of therapy.csv as it should be."""
    item = ITEMS[name]
    cells = {"patient": "P1", "start": f"{-number - 1}", "end": f"{-number}", "item": name, "unit": item.unit}
    return {**cells, "amount": f"{(item.low + item.high) / 2}"}


def known(_, sex):
    """A row of patients.csv as it should be."""
    return {"patient": "P1", "weight": "70", "height": "175", "sex": sex, "onset": "-6", "onset_sd": "6"}


@st.composite
def damaged(draw, columns, right, names, most):
    """A good table in which some cells, a name of the header or a row's length went wrong."""
    header = [*columns.required, *columns.optional]
    chosen = draw(st.lists(st.sampled_from(list(names)), max_size=most))
    rows = [header] + [[right(number, name).get(column, "") for column in header] for number, name in enumerate(chosen)]
    for _ in range(draw(st.integers(0, 3))):
        row = rows[draw(st.integers(1 if draw(st.integers(0, 9)) else 0, len(rows))) % len(rows)]
        if row:
            row[draw(st.integers(0, len(row) - 1))] = draw(ODD)
        if draw(st.integers(0, 19)) == 0:
            row.pop()
    return draw(st.sampled_from(["\n", "\r\n"])).join(",".join(row) for row in rows).encode()


def outcome(place, **contents):
    """Return what reading the tables brought: a cohort or its problems."""
    for name, content in contents.items():
        path = place / f"{name}.csv"
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_bytes(content)
    try:
        return read_cohort(place)
    except InputError as error:
        return error.problems


@settings(max_examples=200)
@given(
    chart=damaged(measurements.COLUMNS, measured, VARIABLES, 5),
    given_=st.none() | damaged(therapy.COLUMNS, treated, ITEMS, 4),
    people=st.none() | damaged(patients.COLUMNS, known, ["male", "F"], 1),
)
def test_a_damaged_table_brings_problems_and_nothing_else(tmp_path_factory, chart, given_, people):
    place = tmp_path_factory.getbasetemp()
    found = outcome(place, measurements=chart, therapy=given_, patients=people)
    if isinstance(found, Cohort):
        assert found.patients
    else:
        assert found
        assert all(problem.message and problem.remedy for problem in found)


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_bring_problems_and_nothing_else(tmp_path_factory, content):
    found = outcome(tmp_path_factory.getbasetemp(), measurements=content, therapy=None, patients=None)
    assert not isinstance(found, Cohort)
