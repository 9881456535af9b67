"""Programs compiled once for all targets of one form: patients fitted one after another differ in numbers only."""

from collections.abc import Callable, Hashable
from typing import Any

import jax

from ..likelihood.posterior import Posterior
from .gauss_newton import Expansion, expand


class Programs:
    """What has been traced and compiled for targets that some patients of one posterior make."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Any] = {}

    def once[Made](self, what: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` made when it was first asked for `what`."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]

    def expansion(self, target: Posterior) -> Callable[[jax.Array], Expansion]:
        """Return the expansion of the target's log posterior about points z [point, dim]."""
        run = self.once(
            ("expansion", target.form), lambda: jax.jit(lambda facts, z: expand(target.with_facts(facts), z))
        )
        facts = target.facts
        return lambda z: run(facts, z)
