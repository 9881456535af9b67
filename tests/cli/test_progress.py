"""Progress in a log is a few plain lines."""

from cls_infer.cli.progress import numbers, plain, watching
from cls_infer.inference.progress import Progress


def block(done: int) -> Progress:
    return Progress(done=done, total=800, warmup=300, divergences=1, step_size=0.213, leapfrogs=15.2, seconds=done / 10)


def test_a_log_holds_phases_and_quarters(capsys):
    watch = plain()
    for event in (
        "mode: iteration 1",
        "mode: iteration 2",
        *(block(done) for done in range(25, 801, 25)),
        "writing",
    ):
        watch(event)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "mode: iteration 1",
        *(f"sampling: {done} of 800" for done in (200, 400, 600, 800)),
        "writing",
    ]


def test_the_numbers_of_a_block():
    assert numbers(block(200)) == "1 divergence, step 0.21, 15 leapfrogs, 1:00 left"


def test_quiet_is_quiet(capsys):
    with watching(quiet=True) as watch:
        watch("mode")
        watch(block(800))
    assert capsys.readouterr().err == ""
