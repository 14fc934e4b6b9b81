"""How sure a measured share is."""

import math


def wilson(right: int, number: int) -> tuple[float, float]:
    """95% interval of the proportion `right / number` (Wilson, 1927, J. Am. Stat. Assoc. 22:209).

    Unlike the usual one it stays inside 0..1 and holds for few photos. `number` must not be 0.
    """
    z = 1.959963984540054
    share = right / number
    centre = share + z * z / (2 * number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    scale = 1 + z * z / number
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)
