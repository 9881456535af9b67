"""Progress in a log is a few plain lines."""

import json

from cls_infer.cli.log import logged
from cls_infer.cli.progress import numbers, plain, watching
from cls_infer.inference.progress import Forecast, Progress
from cls_infer.inference.settings import Choice


def block(done: int) -> Progress:
    return Progress(
        done=done,
        total=800,
        warmup=300,
        divergences=1,
        step_size=0.213,
        leapfrogs=15.2,
        seconds=done / 10,
        left=60.0,
        ess=None if done <= 300 else 412.3,
    )


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
    assert numbers(block(400)) == "1 divergence, effective size 412, step 0.21, 15 leapfrogs, 1:00 left"


def test_the_forecast_is_one_line(capsys):
    plain()(Forecast(0.0012, 798, (15, 60), (62.0, 251.0), 1804.0))
    assert capsys.readouterr().err == (
        "forecast: a gradient takes 1.2 ms in each chain, a draw 15 to 60 of them: 1:02 to 4:11 for 798 draws, "
        "at most 30:04 if R-hat asks for more\n"
    )


def test_a_log_holds_an_object_for_each_event_and_goes_on_after_a_torn_line(tmp_path):
    path, seen = tmp_path / "log.jsonl", []
    with logged(path, seen.append) as watch:
        watch("mode: iteration 1")
        watch(block(200))
    path.write_text(path.read_text()[:-20])
    with logged(path, seen.append) as watch:
        watch(Choice(None, "the processor"))
    lines = [line for line in path.read_text().splitlines() if line]
    first, last = json.loads(lines[0]), json.loads(lines[2])
    assert (first["event"], first["phase"], len(lines)) == ("phase", "mode: iteration 1", 3)
    assert (last["event"], last["why"]) == ("device", "the processor")
    assert seen == ["mode: iteration 1", block(200), Choice(None, "the processor")]


def test_nothing_in_a_pipe_controls_a_terminal(capsys):
    with watching(quiet=False) as watch:
        for event in ("mode", Choice(None, "the processor"), block(800), Forecast(0.1, 8, (1, 2), (1.0, 2.0), 3.0)):
            watch(event)
    assert capsys.readouterr().err.replace("\n", "").isprintable()


def test_quiet_is_quiet(capsys):
    with watching(quiet=True) as watch:
        watch("mode")
        watch(block(800))
    assert capsys.readouterr().err == ""
