"""Other formats as data sets, and a cohort as Stan's data."""

from .draft import Draft, Left
from .eicu import convert_eicu
from .folder import free_folder, write_folder
from .mimic import convert_mimic
from .nonmem import convert_nonmem
from .petab import convert_petab
from .settle import settle
from .stan import from_stan, to_stan

__all__ = [
    "Draft",
    "Left",
    "convert_eicu",
    "convert_mimic",
    "convert_nonmem",
    "convert_petab",
    "free_folder",
    "from_stan",
    "settle",
    "to_stan",
    "write_folder",
]
