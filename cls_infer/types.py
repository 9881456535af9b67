"""The words for shapes: a scalar is one patient's number, an array names its axes."""

import numpy as np
from jaxtyping import Array, Float

type Scalar = Float[Array, ""] | Float[np.ndarray, ""] | float
"""An array or a float, never a batch: physiology and models are written for one patient."""

type Numbers = Array | np.ndarray | float
"""One number or several alike: a prior's map serves one patient as well as all."""

type Batch = Array | np.ndarray
"""An array with axes of its own, named where it is used."""
