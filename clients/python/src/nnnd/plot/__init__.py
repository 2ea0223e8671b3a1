"""Pictures of evaluations and hubs with matplotlib (`pip install 'nnnd[plot]'`), as those of `nnnctl report`.

Each function draws on `ax`, or on a new figure without it, and returns the Axes. The colours suit the background of the
Axes, whether it is light or dark.

>>> from nnnd import plot
>>> evaluation = db.evaluate([[1.0, 0.1, 0.0], [0.6, 0.8, 0.1]], ["cat", "dog"])
>>> plot.sweep(evaluation).get_title()
'R@1 for each k and alpha'

"""

from __future__ import annotations

from ._gains import methods, reference_curve, reference_distance
from ._hubness import appearances, hubs, lorenz, means
from ._sweep import sweep

__all__ = ["appearances", "hubs", "lorenz", "means", "methods", "reference_curve", "reference_distance", "sweep"]
