"""One open page: what its reader chose so far, what follows from it, and what shows it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, cast

from bokeh.document import Document
from bokeh.layouts import column, grid, row
from bokeh.models import Button, CustomJS, Div, MultiChoice, NumericInput, Range1d, Select, TextAreaInput, UIElement
from markupsafe import escape

from ..errors import InputError
from ..printable import printable
from .bars import Bars
from .given import events_of, items_of
from .ink import Ink
from .look import dressed, styled, widget_sheet
from .panels import Panel, first_shown, mark, panel
from .sliders import Sliders
from .subject import Answer, Opening, Setting, Subject
from .table import Table

WIDE = 390
"""Pixels of the column of controls."""

SOON = 30
"""Milliseconds between a change and its answer: what a moving slider says meanwhile is answered once."""

SAVE = """
if (cb_obj.value === "") return
const link = document.createElement("a")
link.href = URL.createObjectURL(new Blob([cb_obj.value], {type: "application/toml"}))
link.download = "scenario.toml"
link.click()
URL.revokeObjectURL(link.href)
"""


class Page:
    """The page of one reader: `subject` answers, the document shows."""

    def __init__(self, document: Document, subject: Subject, ink: Ink):
        self.document, self.subject, self.ink = document, subject, ink
        self.changes: dict[str, float] = {}
        self.opening: Opening | None = None
        self.reference: tuple[Setting, Answer] | None = None
        self.waiting = self.filling = False
        self.choice = Select(title=subject.words.choice, options=list(subject.choices.items()), width=WIDE)
        self.choice.value = next(iter(subject.choices))
        self.until = NumericInput(title="Last hour shown [h]", mode="float", width=WIDE // 2 - 10)
        sheet = widget_sheet()
        self.sliders = Sliders(self.move, WIDE, sheet)
        self.table = Table(items_of(subject.model), self.soon, WIDE)
        self.shown = MultiChoice(title="Quantities shown", sizing_mode="stretch_width")
        self.notes = Div(sizing_mode="stretch_width", disable_math=True)
        self.notes.html_attributes = {"role": "status", "aria-live": "polite"}
        self.words = Div(width=WIDE, disable_math=True)
        self.toml = TextAreaInput(title="Scenario (TOML)", rows=8, width=WIDE, visible=False)
        self.toml.js_on_change("value", CustomJS(code=SAVE))
        self.hours = Range1d(0.0, 1.0)
        self.bars = Bars(self.hours, ink)
        self.panels: dict[str, Panel] = {}
        self.plots = column(sizing_mode="stretch_width")
        self._lay_out()
        styled(document, sheet)
        self.shown.on_change("value", lambda attr, old, new: None if self.filling else self.tried(self.draw_panels))
        self.choice.on_change("value", lambda attr, old, new: self.tried(self.begin))
        self.until.on_change("value", lambda attr, old, new: None if self.filling else self.soon())
        self.tried(self.begin)

    def move(self, name: str, number: float) -> None:
        """Set a parameter."""
        self.changes[name] = number
        self.soon()

    def soon(self) -> None:
        """Answer in a moment, once for all that changes until then."""
        if not self.waiting:
            self.waiting = True
            self.document.add_timeout_callback(lambda: self.tried(self.answer), SOON)

    def tried(self, what: Callable[[], None]) -> None:
        """Do something, and tell the reader in words why it cannot be done."""
        try:
            what()
        except InputError as error:
            problems = "".join(f"<li>{escape(printable(str(one)))}</li>" for one in error.problems)
            self.notes.text = f'<div class="problem"><b>Not drawn:</b><ul>{problems}</ul></div>'
        except Exception as error:
            words = escape(printable(f"{type(error).__name__}: {error}"))
            self.notes.text = f'<div class="problem"><b>An unexpected failure:</b> {words}</div>'
            raise

    def begin(self) -> None:
        """Begin with what is chosen, nothing changed."""
        opening = self.subject.open(self.choice.value)
        names = list(self.shown.value) or first_shown(self.subject.model, [m.variable for m in opening.measured])
        self.opening, self.changes = opening, {**opening.setting.changes}
        self.filling = True
        self.shown.options = [*self.subject.model.observables, *self.subject.model.derived]
        self.shown.value = names
        self.until.value = opening.setting.until
        self.filling = False
        self.words.text = str(escape(printable(opening.words)))
        self.table.fill(opening.setting.therapy)
        self.sliders.lay_out(opening, self.subject.values(self.choice.value, opening.setting))
        self.reference = None
        self.draw_panels()

    def draw_panels(self) -> None:
        """Lay out the panels that are asked for, and fill them."""
        assert self.opening is not None
        quantities = {**self.subject.model.observables, **self.subject.model.derived}
        names = [name for name in self.shown.value if name in quantities]
        self.panels = {name: panel(name, quantities[name].unit, self.hours, self.ink) for name in names}
        for one in self.panels.values():
            mark(one, self.opening.measured, self.opening.hidden_after)
        figures = [one.figure for one in self.panels.values()]
        below = [self.bars.figure, grid(figures, ncols=2, sizing_mode="stretch_width")]
        self.plots.children = cast("list[UIElement]", below)
        setting = self.reference[0] if self.reference else self.opening.setting
        self.refer_to(setting)
        self.answer()

    def refer_to(self, setting: Setting) -> None:
        """Draw a setting as the reference."""
        answer = self.subject.answer(self.choice.value, setting, list(self.panels))
        self.reference = setting, answer
        for one in self.panels.values():
            one.show(answer, reference=True)

    def answer(self) -> None:
        """Draw what follows from the settings as they stand."""
        self.waiting = False
        setting = self.setting()
        answer = self.subject.answer(self.choice.value, setting, list(self.panels))
        self.sliders.follow(self.subject.values(self.choice.value, setting))
        assert self.opening is not None and self.reference is not None
        if self.reference[0].until != setting.until:
            self.refer_to(replace(self.reference[0], until=setting.until))
        for one in self.panels.values():
            one.show(answer, reference=False)
        self.bars.show(setting.therapy, self.reference[0].therapy)
        self.hours.update(start=min(self.opening.shown_from, float(answer.time[0])), end=setting.until)
        self.notes.text = self._told(answer, setting)

    def setting(self) -> Setting:
        """Return what the reader chose.

        Raises:
            InputError: every problem of the therapy's rows.
        """
        assert self.opening is not None
        therapy = events_of(self.table.rows(), self.opening.setting.therapy)
        return Setting(dict(self.changes), therapy, float(self.until.value or 0.0))

    def keep(self) -> None:
        """Make the settings as they stand the reference."""
        self.refer_to(self.setting())
        self.answer()

    def export(self) -> None:
        """Write the scenario, which the browser saves."""
        text = self.subject.scenario(self.choice.value, self.setting())
        self.toml.value = ""
        self.toml.update(value=text, visible=True)

    def _told(self, answer: Answer, setting: Setting) -> str:
        """Return in words what is drawn, what differs from the reference, and what must be known."""
        assert self.reference is not None
        before = self.reference[0].changes
        values, was = (self.subject.values(self.choice.value, one) for one in (setting, self.reference[0]))
        changed = [f"{n} {was[n]:.3g} → {values[n]:.3g}" for n in {**before, **self.changes} if was[n] != values[n]]
        changed += ["therapy"] if setting.therapy != self.reference[0].therapy else []
        lines = [f"Changed: {'; '.join(changed)}." if changed else "Nothing is changed.", *answer.notes]
        return "".join(f"<p>{escape(line)}</p>" for line in lines)

    def _lay_out(self) -> None:
        buttons: Mapping[str, Callable[[], Any]] = {
            "Undo all changes": self.begin,
            "Keep as reference": self.keep,
            "Export scenario": self.export,
        }
        made = [Button(label=label) for label in buttons]
        for button, does in zip(made, buttons.values(), strict=True):
            button.on_click(lambda does=does: self.tried(does))
        about = Div(text=str(escape(self.subject.words.export)), width=WIDE, css_classes=["told"])
        side = column(
            *(self.choice, self.words, self.until, self.sliders.layout, self.table.layout),
            *(row([*made[:2]]), row([*made[2:]]), about, self.toml),
            name="side",
        )
        main = column(self.notes, self.shown, self.plots, name="main", sizing_mode="stretch_width")
        self.document.add_root(side)
        self.document.add_root(main)
        dressed(self.document, self.ink, heading=self.subject.heading, legend=self._legend())

    def _legend(self) -> list[tuple[str, str]]:
        """Return how each kind of line looks and what it stands for."""
        words = self.subject.words
        told = [("changed", "blue: with your changes"), ("reference", f"grey, dashed: {words.reference}")]
        return [*told, ("alone", "dotted: the scenario that is exported")] if words.bands else told
