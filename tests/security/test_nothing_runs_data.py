"""No line of the package can turn data into code: read from the source, with every exception named."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "cls_infer"
MODULES = {
    *("pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "runpy", "code"),
    *("subprocess", "pty", "commands", "ctypes", "cffi", "imp", "importlib", "xml", "lxml", "codeop"),
}
CALLS = {
    *("eval", "exec", "compile", "__import__", "import_module", "exec_module", "spec_from_file_location"),
    *("system", "popen", "execv", "execve", "execvp", "spawnl", "spawnv", "startfile", "read_pickle", "extractall"),
    *("Markup", "fromstring"),
}
FORBIDDEN = MODULES | CALLS | {"allow_pickle", "np.load", "yaml.load", "shell", "autoescape"}
ALLOWED = {  # module -> what it may do, and why that is no danger
    "__init__.py": {"importlib", "import_module"},  # of names written in that very file
    "model/load.py": {"importlib", "exec_module", "spec_from_file_location"},  # a model that the user named
    "cli/doctor.py": {"importlib"},  # versions of packages
    "cli/explore.py": {"importlib"},  # whether Bokeh is there
    "explore/look.py": {"autoescape"},  # Bokeh's own markup; the template escapes each word of ours
    "cohort/convert/petab_files.py": {"yaml"},  # its safe loader
    "cohort/convert/mimic_records.py": {"importlib"},  # a table that the package holds
    "results/provenance.py": {"importlib"},
    "results/same_fit.py": {"importlib"},
    "solve/machine/build.py": {"ctypes"},  # machine code made here, or kept where this user alone can write
    "solve/machine/door.py": {"ctypes"},  # calls from that code
    "results/report/picture.py": {"xml", "fromstring", "Markup"},  # of Matplotlib's own SVG, written again escaped
    "validation/page.py": {"importlib", "autoescape"},  # its own template; Markdown, in which no tag begins
}


def dangers(source: str) -> Iterator[str]:
    """Yield what in a source could run, unpack or unescape what it was given."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]
        elif isinstance(node, ast.Call):
            yield from _in_call(node)
        elif isinstance(node, ast.Dict):
            yield from _unescaped(zip(node.keys, node.values, strict=True))


def _in_call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    on_module = isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)
    place = node.func.value.id if on_module else ""
    if name in CALLS and (name != "compile" or isinstance(node.func, ast.Name)):  # JAX and `re` have methods `compile`
        yield name
    yield from _unescaped((ast.Constant(word.arg), word.value) for word in node.keywords)
    said = {word.arg: word.value for word in node.keywords}
    told = {key: value.value for key, value in said.items() if isinstance(value, ast.Constant)}
    if told.get("allow_pickle", False) or ("allow_pickle" in said and "allow_pickle" not in told):
        yield "allow_pickle"
    if (place, name) == ("np", "load") and told.get("allow_pickle") is not False:
        yield "np.load"
    if place == "yaml" and name != "safe_load":
        yield "yaml.load"
    if "shell" in said:
        yield "shell"


def _unescaped(pairs) -> Iterator[str]:
    for key, value in pairs:
        if isinstance(key, ast.Constant) and key.value == "autoescape" and getattr(value, "value", False) is not True:
            yield "autoescape"


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_runs_nothing_that_it_reads(path):
    found = set(dangers(path.read_text(encoding="utf-8"))) & FORBIDDEN
    assert found <= ALLOWED.get(path.relative_to(PACKAGE).as_posix(), set())


def test_what_is_allowed_is_done():
    """An exception nobody needs any more would let a new use in unseen."""
    for name, allowed in ALLOWED.items():
        assert allowed <= set(dangers((PACKAGE / name).read_text(encoding="utf-8"))), name


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from pickle import loads",
        "eval(text)",
        "builtins.exec(text)",
        "os.system(text)",
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=asked)",
        "np.load(path)",
        "yaml.load(text, Loader)",
        "subprocess.run(text, shell=True)",
        "import yaml",
        "Markup(name)",
        "Environment(autoescape=False)",
        "importlib.util.spec_from_file_location(name, path)",
    ],
)
def test_the_search_finds_what_it_looks_for(line):
    assert set(dangers(line)) & FORBIDDEN


def test_no_template_takes_words_for_markup():
    for path in PACKAGE.rglob("*.j2"):
        text = path.read_text(encoding="utf-8")
        assert "safe" not in text.split() and "|safe" not in text.replace(" ", ""), path
        assert "autoescape" not in text, path
