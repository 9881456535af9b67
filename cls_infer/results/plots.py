"""Pictures of a fit's draws by ArviZ, each number under the name that the summary gives it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import xarray as xr

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from .diagnose import entries

if TYPE_CHECKING:
    from arviz_plots.plot_collection import PlotCollection
    from arviz_plots.plot_matrix import PlotMatrix


@dataclass(frozen=True)
class Plots:
    """Pictures of the draws in a fit's tree.

    Each method takes numbers by their names in the summary, `M[P1]`, or parameters of all patients, `M`; all numbers,
    if none is named. It returns ArviZ's picture, which a notebook shows and `savefig` keeps. What else ArviZ draws, it
    draws from `fit.tree`.
    """

    tree: xr.DataTree

    def dist(self, *names: str) -> "PlotCollection":
        """Draw the marginal posterior densities."""
        return _arviz("plot_dist")(self._of(names))

    def trace(self, *names: str) -> "PlotCollection":
        """Draw each chain's course beside its density."""
        return _arviz("plot_trace_dist")(self._of(names))

    def rank(self, *names: str) -> "PlotCollection":
        """Draw the ranks of each chain's draws among all: alike, where chains mixed."""
        return _arviz("plot_rank")(self._of(names))

    def ess(self, *names: str) -> "PlotCollection":
        """Draw the effective sample size of small intervals."""
        return _arviz("plot_ess")(self._of(names))

    def forest(self, *names: str) -> "PlotCollection":
        """Draw the intervals of all numbers below one another."""
        return _arviz("plot_forest")(self._of(names))

    def pair(self, *names: str) -> "PlotMatrix":
        """Draw numbers against each other, at least two.

        Raises:
            InputError: fewer.
        """
        chosen = self._of(names) if names else None
        if chosen is None or len(chosen["posterior"].data_vars) < 2:
            raise InputError([Problem("fit.plot.pair", "needs two numbers at least", remedy="name them")])
        return _arviz("plot_pair")(chosen)

    def prior_posterior(self, *names: str) -> "PlotCollection":
        """Draw each posterior density over its prior's."""
        return _arviz("plot_prior_posterior")(self._of(names))

    def energy(self, patient: str | None = None) -> "PlotCollection":
        """Draw the energies that the sampler met beside how they change from draw to draw.

        Args:
            patient: whose, where patients were fitted apart and each has chains of its own.

        Raises:
            InputError: the draws are no chains; no such patient, or none named of several.
        """
        stats = self.tree["sample_stats"].to_dataset()
        if "energy" not in stats:
            found = f"a fit by {self.tree.attrs['method']} has no energies"
            raise InputError([Problem("fit.plot.energy", found, remedy="fit by the method `nuts`")])
        energy = stats[["energy"]]
        if "patient" in energy.sizes:
            names = [str(name) for name in energy["patient"].values]
            one = names[0] if patient is None and len(names) == 1 else patient
            if one not in names:
                message = f"there is no patient `{patient}`" if patient else "each patient has chains of its own"
                raise InputError([Problem("fit.plot.energy", message, remedy=did_you_mean(patient or "", names))])
            energy = energy.sel(patient=one, drop=True)
        return _arviz("plot_energy")(xr.DataTree.from_dict({"/sample_stats": energy}))

    def _of(self, names: tuple[str, ...]) -> xr.DataTree:
        """Return the tree of some numbers, a variable each; of a parameter that a patient lacks there is none.

        Raises:
            InputError: a name that is none.
        """
        found = {label: (name, place) for label, name, place in entries(self.tree["posterior"].to_dataset())}
        known = {name: [label for label, (one, _) in found.items() if one == name] for name, _ in found.values()}
        known |= {label: [label] for label in found}
        problems = [
            Problem("fit.plot", f"there is no number `{name}`", remedy=did_you_mean(name, known))
            for name in names
            if name not in known
        ]
        if problems:
            raise InputError(problems)
        chosen = dict.fromkeys(label for name in names or found for label in known[name])
        groups = {
            f"/{group}": xr.Dataset(
                {label: _alone(self.tree[group].to_dataset(), *found[label]) for label in chosen},
            )
            for group in ("posterior", "prior")
        }
        stats = self.tree["sample_stats"].to_dataset()
        if "diverging" in stats and stats["diverging"].dims == ("chain", "draw"):
            groups["/sample_stats"] = stats[["diverging"]]
        return xr.DataTree.from_dict(groups)


def _alone(group: xr.Dataset, name: str, place: dict[str, str]) -> xr.DataArray:
    return group[name].sel(place).drop_vars(list(place))


def _arviz(name: str) -> Callable[..., Any]:
    """Return what draws a picture in which words keep out of one another's way."""
    import arviz
    from matplotlib import rc_context

    return rc_context({"figure.constrained_layout.use": True})(getattr(arviz, name))
