"""The pages say what is so: tutorial and recipes run, the reference names everything there is."""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import nbclient
import nbformat
import pytest

import cls_infer
from cls_infer.causes import CAUSES
from cls_infer.cohort import ITEMS, VARIABLES, measurements, patients, therapy
from cls_infer.cohort.assays import ASSAYS
from cls_infer.cohort.grades import GRADES
from cls_infer.model import available, load_model
from cls_infer.model.check import dimension_errors
from cls_infer.results.diagnose import THRESHOLDS
from cls_infer.results.plots import Plots

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
HOW_TO = sorted(DOCS.glob("how-to/*.md"))
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"(?P<before>[^\n]*)\n```(?P<kind>\w*)\n(?P<text>.*?)\n```", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line before it."""

    kind: str
    text: str
    before: str


def blocks(page: Path) -> Iterator[Block]:
    text = page.read_text(encoding="utf-8")
    yield from (Block(found["kind"], found["text"], found["before"]) for found in FENCE.finditer(text))


def recipes() -> list[Block]:
    """Return every block of every recipe."""
    return [block for page in HOW_TO for block in blocks(page)]


def run_python(text: str, page: str) -> dict:
    """Run a block as a program of its own; return what it named."""
    namespace: dict = {"__name__": "__main__"}
    exec(compile(text, page, "exec"), namespace)
    return namespace


def run_console(block: Block, folder: Path) -> None:
    """Run each `$ cls-infer` line of a block in `folder`."""
    allowed = {0, 3} if "exit 3 allowed" in block.before else {0}
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "JAX_COMPILATION_CACHE_DIR": str(ROOT / ".cache" / "jax"),
    }
    for line in block.text.splitlines():
        assert line.startswith("$ cls-infer "), f"a console block holds `{line}`"
        command = [sys.executable, "-m", "cls_infer", *line.split()[2:]]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode in allowed, f"{line}\nexited {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr


def test_the_tutorial_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict = {}
    for block in blocks(DOCS / "tutorial.md"):
        if block.kind == "console":
            run_console(block, tmp_path)
        else:
            assert block.kind == "python"
            exec(compile(block.text, "tutorial.md", "exec"), namespace)
    assert (tmp_path / "first_run" / "report.html").is_file()


def test_the_model_of_the_recipe_is_sound(tmp_path):
    (text,) = (block.text for block in recipes() if "model = Model(" in block.text)
    path = tmp_path / "albumin_leak.py"
    path.write_text(text, encoding="utf-8")
    model = load_model(str(path))
    assert dimension_errors(model) == []
    run_console(Block("console", f"$ cls-infer simulate {path} --set m=4", ""), tmp_path)


def test_the_recipe_of_draws_from_elsewhere_runs():
    (text,) = (block.text for block in recipes() if "two_stage(population" in block.text)
    assert run_python(text, "cohort.md")["found"].thin == ()


@pytest.mark.parametrize("page", ["coming_from", "gpu"])
def test_the_programs_of_a_recipe_run(page):
    programs = [block.text for block in blocks(DOCS / "how-to" / f"{page}.md") if block.kind == "python"]
    assert programs
    for text in programs:
        run_python(text, f"{page}.md")


def test_the_data_of_a_recipe_go_to_stan(tmp_path):
    (block,) = (block for block in blocks(DOCS / "how-to" / "coming_from.md") if block.kind == "console")
    run_console(block, tmp_path)
    assert json.loads((tmp_path / "clarkson_a.json").read_text(encoding="utf-8"))["n_obs"] > 0


def test_every_block_of_a_recipe_in_python_is_run_by_a_test():
    run = {"cohort": 1, "coming_from": 1, "gpu": 1, "notebook": 8, "own_model": 1}
    found = {page.stem: sum(block.kind == "python" for block in blocks(page)) for page in HOW_TO}
    assert {name: number for name, number in found.items() if number} == run


def test_the_notebook_runs_in_jupyter(tmp_path, monkeypatch):
    """The blocks of the page as cells, by a kernel of its own: values show their tables, pictures and the bar."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(ROOT / ".cache"))
    monkeypatch.setenv("JPY_PARENT_PID", "")
    cells = [block.text for block in blocks(DOCS / "how-to" / "notebook.md") if block.kind == "python"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [[output.get("data", {}) for output in cell.outputs] for cell in book.cells]
    kinds = [{kind for data in cell for kind in data} for cell in shown]
    html = ["".join(data.get("text/html", "") for data in cell) for cell in shown]
    assert "<caption" in html[1] and "volunteer" in html[1] and "lognormal(3.6, 0.4)" in html[3]
    assert "k_10[V1]" in html[4] and "verdict: " in html[4]
    assert "application/vnd.jupyter.widget-view+json" in kinds[4]  # the bar
    assert "text/html" in kinds[5] and "image/png" in kinds[6]
    assert (tmp_path / "volunteer_run" / "report.html").is_file()


def test_the_recipe_of_event_records_runs(tmp_path):
    page = recipes()
    (records,) = (block.text for block in page if block.text.startswith("ID,TIME"))
    (said,) = (block.text for block in page if block.kind == "toml" and block.text.startswith("[observations]"))
    (commands,) = (block for block in page if block.kind == "console" and "convert nonmem" in block.text)
    (tmp_path / "records.csv").write_text(f"{records}\n", encoding="utf-8")
    (tmp_path / "map.toml").write_text(said, encoding="utf-8")
    run_console(commands, tmp_path)
    assert (tmp_path / "ward" / "not_converted.csv").read_text(encoding="utf-8").count("\n") == 1  # nothing left out


def test_the_shape_of_stan_data_is_the_one_in_the_reference():
    from cls_infer.cohort import read_cohort
    from cls_infer.cohort.convert import to_stan
    from cls_infer.cohort.shipped import shipped_folder

    (block,) = (block.text for block in blocks(DOCS / "reference.md") if block.kind == "stan")
    data, _ = to_stan(read_cohort(shipped_folder() / "clarkson_a"))
    declared = re.findall(r"\b(?:n|obs|event|covariate|word)(?:_\w+)?(?=[,;])", re.sub(r"\[.*?\]|//.*", "", block))
    assert sorted(declared) == sorted(data)


def test_the_tables_of_the_recipes_can_be_read(tmp_path):
    from cls_infer.cohort import read_cohort

    tables = [block.text for block in recipes() if block.text.startswith("patient,")]
    charts = [text for text in tables if text.startswith("patient,time")]
    therapies = [text for text in tables if text.startswith("patient,start")]
    assert charts and therapies
    for number, chart in enumerate(charts):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "measurements.csv").write_text(f"{chart}\n", encoding="utf-8")
        read_cohort(folder)
    for given in therapies:
        within = given.replace(",24,72,", ",6,10,").replace(",0,24,", ",0,6,")
        (folder / "therapy.csv").write_text(within, encoding="utf-8")
        assert len(read_cohort(folder).patients[0].therapy) == 2


def reference() -> str:
    return (DOCS / "reference.md").read_text(encoding="utf-8")


def rows(names: list[str], *, units: dict[str, str]) -> list[str]:
    """Return those of the names that no row of a table of the reference holds with their unit."""
    lines = [re.findall(r"[^|]+", line) for line in reference().splitlines() if line.startswith("| `")]
    there = {(cells[0].strip(" `"), cell.strip()) for cells in lines for cell in cells[1:]}
    return [name for name in names if (name, units[name]) not in there]


def test_the_reference_lists_every_variable_and_item_with_its_unit():
    assert rows(list(VARIABLES), units={name: variable.unit for name, variable in VARIABLES.items()}) == []
    assert rows(list(ITEMS), units={name: item.unit for name, item in ITEMS.items()}) == []


def test_the_reference_lists_every_grade_and_every_assay_with_its_source():
    said = [f"| `{name}` | `{scale.variable}` | {scale} | {scale.source} |" for name, scale in GRADES.items()]
    for name, known in ASSAYS.items():
        spreads = " | ".join("–" if sd is None else f"{sd:g}" for sd in (known.sd, known.log_sd))
        said.append(f"| `{name}` | {VARIABLES[name].unit} | {spreads} | {known.source} |")
    assert [row for row in said if row not in reference()] == []


def test_the_reference_lists_every_cause_with_its_prior_and_source():
    said = [f"| `{name}` | {c.about} | {c.median:g}, {c.log_sd:g} | {c.source} |" for name, c in CAUSES.items()]
    assert [row for row in said if row not in reference()] == []


@pytest.mark.parametrize("table", [measurements, therapy, patients], ids=lambda table: table.__name__)
def test_the_reference_names_every_column(table):
    columns = [*table.COLUMNS.required, *table.COLUMNS.optional]
    plain = [column for column in columns if column.removesuffix("_unit") not in patients.COVARIATES]
    assert [column for column in plain if f"`{column}`" not in reference()] == []
    assert [column for column in patients.COVARIATES if f"`{column}`" not in reference()] == []


def test_the_reference_names_every_command_and_option():
    from typer.main import get_command

    from cls_infer.cli.app import app

    commands = dict(get_command(app).commands)
    commands |= {f"convert {name}": command for name, command in commands["convert"].commands.items()}
    assert [name for name in commands if f"`cls-infer {name}" not in reference()] == []
    options = {word for command in commands.values() for option in command.params for word in option.opts}
    assert [word for word in sorted(options) if word.startswith("-") and word not in reference()] == []


def test_the_python_page_names_every_public_name_and_argument():
    said = (DOCS / "api.md").read_text(encoding="utf-8")
    headed = set(re.findall(r"^### `(\w+)", said, re.MULTILINE))
    assert headed == set(cls_infer.__all__)
    for name in ("compare", "fit", "open_fit", "predict", "read_cohort", "read_scenario", "save", "simulate"):
        arguments = inspect.signature(getattr(cls_infer, name)).parameters
        assert [one for one in arguments if not re.search(rf"[`(, ]{one}[`), ]", said)] == [], name
    for value in (cls_infer.Settings, cls_infer.Simulation, cls_infer.Cohort, cls_infer.Fit):
        assert [field.name for field in fields(value) if f"`{field.name}`" not in said] == [], value
    assert [
        name for name in dir(Plots) if not name.startswith("_") and name != "tree" and f"`{name}`" not in said
    ] == []


def test_the_glossary_ties_words_to_symbols_that_there_are():
    said = (DOCS / "glossary.md").read_text(encoding="utf-8")
    known = set(VARIABLES)
    for model in (load_model("clarkson_episode"), load_model("ang2_two_pore")):
        known |= {*model.parameters, *model.states, *model.observables, *model.derived, model.name}
    tables = re.findall(r"^\|.*\|$", said, re.MULTILINE)
    symbols = {symbol for row in tables for symbol in re.findall(r"`([^`]+)`", row)}
    assert len(symbols) > 40 and symbols <= known, symbols - known
    assert set(load_model("clarkson_episode").observables) - {"plasma_volume", "interstitial_albumin"} <= symbols


def test_the_site_has_every_page():
    listed = re.findall(r'"([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md"))


def test_the_list_of_recipes_leads_to_each():
    index = (DOCS / "how-to" / "index.md").read_text(encoding="utf-8")
    assert [page.name for page in HOW_TO if page.name != "index.md" and f"({page.name})" not in index] == []


def test_the_reference_states_the_thresholds():
    said = reference()
    for words in (
        f"R-hat of at most {THRESHOLDS.rhat:g}",
        f"at least {THRESHOLDS.ess:g}",
        f"E-BFMI above {THRESHOLDS.bfmi:g}",
        f"at most {THRESHOLDS.solver_error_nats:g} nats",
    ):
        assert words in said


def test_the_readme_lists_every_model():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in available() if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        name, _, anchor = target.partition("#")
        path = (page.parent / name) if name else page
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
            assert anchor in anchors, target
