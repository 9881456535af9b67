"""Whatever a table holds, reading it returns a cohort or says what is wrong; nothing else is ever raised."""

from hypothesis import given, settings
from hypothesis import strategies as st

from cls_infer.cohort import ITEMS, VARIABLES, Cohort, measurements, patients, read_cohort, therapy
from cls_infer.errors import InputError

CELLS = st.one_of(
    st.sampled_from(
        ["P1", "P2", "", "0", "1", "-3", "1e9", "1e308", "1e999", "nan", "<10", "4,1", '"', "\x00", "\u0661"]
    ),
    st.sampled_from(
        ["2024-03-05", "2024-03-05T10:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59-12:00"]
    ),
    st.sampled_from(
        ["%", "g/L", "g/dL", "mL", "mL/h", "unit", "degC/h", "//", "h", "ug/kg/min", "below", "male"]
    ),
    st.sampled_from([*VARIABLES, *ITEMS]),
    st.integers(-100, 100).map(str),
    st.text(max_size=5),
)
BELIEVABLE = {
    "patient": st.sampled_from(["P1", "P2"]),
    "variable": st.sampled_from(list(VARIABLES)),
    "item": st.sampled_from(list(ITEMS)),
    "unit": st.sampled_from(["%", "g/L", "g/dL", "mL", "mmHg", "1", "L"]),
}


@st.composite
def tables(draw, columns):
    """A table whose header and cells are partly right, so that every check is reached."""
    required, optional = list(columns.required), list(columns.optional)
    header = required + draw(st.lists(st.sampled_from(optional), unique=True, max_size=4))
    if draw(st.integers(0, 4)) == 0:
        header = draw(st.permutations([*header[1:], draw(CELLS)]))
    rows = [",".join(header)]
    for _ in range(draw(st.integers(0, 4))):
        cells = [draw(st.one_of(CELLS, BELIEVABLE.get(name, st.integers(0, 60).map(str)))) for name in header]
        if draw(st.integers(0, 9)) == 0:
            cells.append("")
        rows.append(",".join(cells))
    return draw(st.sampled_from(["\n", "\r\n"])).join(rows).encode("utf-8", "surrogatepass")


def outcome(place, contents):
    """Return what reading the tables brought: a cohort or its problems."""
    for name, content in contents.items():
        (place / f"{name}.csv").unlink(missing_ok=True)
        if content is not None:
            (place / f"{name}.csv").write_bytes(content)
    try:
        return read_cohort(place)
    except InputError as error:
        return error.problems


@settings(max_examples=200)
@given(
    measured=tables(measurements.COLUMNS),
    given_=st.none() | tables(therapy.COLUMNS),
    known=st.none() | tables(patients.COLUMNS),
)
def test_a_malformed_table_brings_problems_and_nothing_else(tmp_path_factory, measured, given_, known):
    place = tmp_path_factory.getbasetemp()
    found = outcome(place, {"measurements": measured, "therapy": given_, "patients": known})
    if not isinstance(found, Cohort):
        assert found
        assert all(problem.message and problem.remedy for problem in found)


@settings(max_examples=200)
@given(content=st.binary(max_size=200))
def test_any_bytes_bring_problems_and_nothing_else(tmp_path_factory, content):
    found = outcome(
        tmp_path_factory.getbasetemp(), {"measurements": content, "therapy": None, "patients": None}
    )
    assert not isinstance(found, Cohort)
