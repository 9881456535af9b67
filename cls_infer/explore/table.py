"""The therapy as a table that a reader edits."""

from collections.abc import Callable, Sequence

from bokeh.layouts import column, row
from bokeh.models import (
    Button,
    CellEditor,
    Column,
    ColumnDataSource,
    DataTable,
    SelectEditor,
    StringEditor,
    TableColumn,
)

from ..cohort.items import ITEMS
from ..cohort.records import Event
from .given import COLUMNS, cells_of

WIDTHS = {"start": 52, "end": 52, "item": 128, "amount": 66, "unit": 66}
TITLES = {"start": "start [h]", "end": "end [h]"}


class Table:
    """Rows of therapy; `edited` is called when the reader changed one."""

    def __init__(self, items: Sequence[str], edited: Callable[[], None], width: int):
        self.items, self.edited, self.filling = items, edited, False
        self.source = ColumnDataSource({name: [] for name in COLUMNS})
        self.source.on_change("data", lambda attr, old, new: None if self.filling else edited())
        columns = [
            TableColumn(field=name, title=TITLES.get(name, name), width=WIDTHS[name], editor=self._editor(name))
            for name in COLUMNS
        ]
        self.grid = DataTable(
            source=self.source,
            columns=columns,
            editable=True,
            auto_edit=True,
            sortable=False,
            reorderable=False,
            index_position=None,
            width=width,
            height=210,
            row_height=26,
        )
        self.more, self.fewer = Button(label="Add a row"), Button(label="Remove marked rows")
        self.more.on_click(self._add)
        self.fewer.on_click(self._remove)

    @property
    def layout(self) -> Column:
        """The table and its buttons."""
        return column(self.grid, row(self.more, self.fewer))

    def rows(self) -> list[dict[str, str]]:
        """Return the cells as they stand."""
        data = self.source.data
        return [
            dict(zip(COLUMNS, map(_text, cells), strict=True))
            for cells in zip(*(data[n] for n in COLUMNS), strict=True)
        ]

    def fill(self, therapy: Sequence[Event]) -> None:
        """Begin anew with what is given."""
        self._put([cells_of(event) for event in therapy])

    def _put(self, rows: Sequence[dict[str, str]]) -> None:
        self.filling = True
        self.source.selected.indices = []
        self.source.data = {name: [row[name] for row in rows] for name in COLUMNS}
        self.filling = False

    def _add(self) -> None:
        item = next((name for name in ("crystalloid", "ringer") if name in self.items), next(iter(self.items), ""))
        unit = ITEMS[item].unit if item else ""
        self._put([*self.rows(), {"start": "0", "end": "1", "item": item, "amount": "1", "unit": unit}])
        self.edited()

    def _remove(self) -> None:
        marked = set(self.source.selected.indices)
        self._put([cells for place, cells in enumerate(self.rows()) if place not in marked])
        self.edited()

    def _editor(self, name: str) -> CellEditor:
        if name == "item":
            return SelectEditor(options=list(self.items))
        units = sorted({ITEMS[item].unit for item in self.items} | {"mL"}) if name == "unit" else []
        return StringEditor(completions=units)


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)
