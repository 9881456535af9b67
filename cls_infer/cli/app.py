"""The commands, each a module of its own."""

import typer

from .calibrate import calibrate
from .check import check
from .cohort import cohort
from .compare import compare
from .convert import convert
from .demo import demo
from .design import design
from .doctor import doctor
from .explore import explore
from .fit import fit
from .models import models
from .predict import predict
from .report import report
from .resume import resume
from .simulate import simulate
from .validate import validate

app = typer.Typer(
    name="cls-infer",
    help="Bayesian inference of capillary leak from fluid balance and blood tests. Research only.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    demo,
    models,
    check,
    simulate,
    fit,
    resume,
    predict,
    explore,
    report,
    compare,
    design,
    calibrate,
    validate,
    doctor,
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(convert)
app.add_typer(cohort)
