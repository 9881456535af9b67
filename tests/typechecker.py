"""The checker that jaxtyping's hook puts on every annotated function: an int may stand for a float."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
