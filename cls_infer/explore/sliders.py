"""The parameters as sliders, a group at a time, and one field that reaches every one of them."""

from collections.abc import Callable, Mapping

from bokeh.layouts import column, row
from bokeh.models import Column, Div, InlineStyleSheet, NumericInput, PrintfTickFormatter, Select, Slider
from markupsafe import escape

from .controls import Control, holding
from .subject import Opening

STEPS = 200
"""Places a slider can stand at."""

type Moved = Callable[[str, float], None]


class Sliders:
    """What moves the parameters. `moved` is told a name and its number when the reader moves it."""

    def __init__(self, moved: Moved, width: int, sheet: InlineStyleSheet):
        self.moved, self.width, self.sheet = moved, width, sheet
        self.controls: dict[str, Control] = {}
        self.groups: dict[str, list[str]] = {}
        self.values: dict[str, float] = {}
        self.sliders: dict[str, Slider] = {}
        self.following = False
        self.group = Select(title="Parameters", width=width)
        self.group.on_change("value", lambda attr, old, new: self._show_group())
        self.name = Select(title="Any parameter", width=width // 2 - 10)
        self.number = NumericInput(title="Value", mode="float", width=width // 2 - 10)
        self.name.on_change("value", lambda attr, old, new: self._follow_number())
        self.number.on_change("value", self._typed)
        self.place = Column(width=width)

    @property
    def layout(self) -> Column:
        """The whole of it."""
        return column(self.group, self.place, row([self.name, self.number]), width=self.width)

    def lay_out(self, opening: Opening, values: Mapping[str, float]) -> None:
        """Begin anew with what can be moved, at these values."""
        self.controls, self.values = {one.name: one for one in opening.controls}, dict(values)
        self.groups = {opening.first_word: [name for name in opening.first if name in self.controls]}
        for one in opening.controls:
            if one.estimated:
                self.groups.setdefault(one.group, []).append(one.name)
        self.groups = {word: names for word, names in self.groups.items() if names}
        self.following = True
        self.name.options = list(self.controls)
        self.name.value = next(iter(self.controls), "")
        self.group.options = list(self.groups)
        self.group.value = next(iter(self.groups), "")
        self.following = False
        self._show_group()
        self._follow_number()

    def follow(self, values: Mapping[str, float]) -> None:
        """Move everything to where it stands now."""
        self.values = dict(values)
        self.following = True
        for name, slider in self.sliders.items():
            number = values[name]
            slider.start, slider.end = min(slider.start, number), max(slider.end, number)
            slider.value = number
        self.following = False
        self._follow_number()

    def _show_group(self) -> None:
        names = self.groups.get(self.group.value, [])
        self.sliders = {name: self._slider(self.controls[name]) for name in names}
        children = []
        for name, slider in self.sliders.items():
            control = self.controls[name]
            words = f"{escape(control.known)} · {escape(control.source)}"
            told = Div(text=words, css_classes=["told"], width=self.width - 30, disable_math=True)
            told.update(stylesheets=[self.sheet], margin=(0, 5, 6, 5))
            children += [slider, told]
        self.place.children = children

    def _slider(self, control: Control) -> Slider:
        control = holding(control, self.values[control.name])
        slider = Slider(
            title=f"{control.name} [{control.unit}]" if control.unit else control.name,
            start=control.low,
            end=control.high,
            step=(control.high - control.low) / STEPS,
            value=self.values[control.name],
            format=PrintfTickFormatter(format="%.3g"),
            width=self.width - 30,
            margin=(5, 5, 0, 5),
            stylesheets=[self.sheet],
        )
        slider.on_change("value", lambda attr, old, new, name=control.name: self._slid(name, new))
        return slider

    def _slid(self, name: str, number: float) -> None:
        if not self.following:
            self.moved(name, float(number))

    def _follow_number(self) -> None:
        self.following = True
        if self.name.value in self.values:
            control = self.controls[self.name.value]
            self.number.title = f"Value [{control.unit}]" if control.unit else "Value"
            self.number.value = float(f"{self.values[control.name]:.6g}")
        self.following = False

    def _typed(self, attr: str, old: float | None, new: float | None) -> None:
        if not self.following and new is not None:
            self.moved(self.name.value, float(new))
