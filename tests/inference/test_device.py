"""`--device`: what is asked for, the faster of two, and honest words where one of them is missing or fails."""

import jax
import pytest

from cls_infer.errors import InputError
from cls_infer.inference.device import choose_device, found_devices, seconds_of_gradient
from cls_infer.inference.settings import Choice
from cls_infer.solve.platform import devices, platform

BOTH = {"cpu": "the first processor", "gpu": "the first GPU"}
TARGET = "a target"


def clock(cpu, gpu):
    """Return a clock that measures nothing, and refuses another target than this one."""

    def seconds(target, device):
        assert target == TARGET
        return {BOTH["cpu"]: cpu, BOTH["gpu"]: gpu}[device]

    return seconds


def never(*_):
    raise AssertionError("there was nothing to choose")


def chosen(wanted, found=BOTH, seconds=never, target=never):
    return choose_device(wanted, target, found=found, clock=seconds)


def test_auto_takes_the_faster_and_says_by_how_much():
    fast = chosen("auto", seconds=clock(cpu=0.012, gpu=0.0015), target=lambda: TARGET)
    why = "the GPU; a gradient of the fit takes 1.5 ms there, 12 ms on the processor"
    assert fast == Choice(BOTH["gpu"], why)
    slow = chosen("auto", seconds=clock(cpu=0.012, gpu=0.3), target=lambda: TARGET)
    why = "the processor; a gradient of the fit takes 12 ms there, 300 ms on the GPU"
    assert slow == Choice(BOTH["cpu"], why)


def test_nothing_is_measured_where_there_is_nothing_to_choose():
    assert chosen("auto", found={"cpu": BOTH["cpu"]}) == Choice(None, "the processor; JAX finds no GPU")
    assert chosen("cpu") == Choice(BOTH["cpu"], "the processor, as asked for")
    assert chosen("gpu") == Choice(BOTH["gpu"], "the GPU, as asked for")


def test_a_gpu_that_cannot_is_left_aside_and_says_what_it_lacks():
    def seconds(target, device):
        if device == BOTH["gpu"]:
            raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: out of memory\nand more")
        return 0.012

    why = "the processor; the GPU cannot compute the fit's gradient: RESOURCE_EXHAUSTED: out of memory"
    assert chosen("auto", seconds=seconds, target=lambda: TARGET) == Choice(BOTH["cpu"], why)


@pytest.mark.parametrize(("wanted", "words"), [("gpu", "JAX finds no GPU here"), ("tpu", "no device `tpu`")])
def test_a_device_that_is_not_there_is_refused(wanted, words):
    with pytest.raises(InputError, match=words):
        chosen(wanted, found={"cpu": BOTH["cpu"]})


def test_the_clock_runs_a_gradient_on_the_device(target):
    assert 0 < seconds_of_gradient(target, found_devices()["cpu"]) < 10  # a tank of two compartments, three hours


def test_new_work_goes_to_the_device_in_force():
    assert platform() == devices()[0].platform
    with jax.default_device(jax.devices("cpu")[-1]):
        assert platform() == "cpu" and devices() == jax.devices("cpu")
