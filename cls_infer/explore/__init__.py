"""The explorer: a page of this machine where parameters and therapy are moved, and what the patient does is seen."""

from .of_model import explored_model
from .of_run import explored_run

__all__ = ["explored_model", "explored_run"]
