"""NUTS from a mode that was found on, without what a fit does about it."""

from cls_infer.inference.chains import Draws, follow
from cls_infer.inference.departure import depart
from cls_infer.inference.kernel import Sampler
from cls_infer.inference.start import Start


def sample_nuts(sampler: Sampler, start: Start, **options) -> Draws:
    """Return the draws of `follow` with these options."""
    return follow(sampler, depart(sampler.pooling, start, sampler.settings), **options)
