"""What scikit-learn's trees ask of the unit of a target."""

from __future__ import annotations

from advisor.records import Profile

# They split no node whose variance is below 2.2e-16, whatever that of all rows is: where the deviation of the target
# is this, nodes are split until theirs is a seventieth of it.
LEAST_DEVIATION = 1e-6


def too_fine(profile: Profile) -> str | None:
    """Say that values differ by too little to be told apart by scikit-learn's trees, or None where they do not."""
    spread = profile.target.get("sd")
    if profile.task != "regression" or not spread or spread >= LEAST_DEVIATION:
        return None
    return (
        f"the target's values differ by about {spread:.1g}, which scikit-learn's trees take for nothing; in a unit in "
        "which they differ by more than 0.000001 it takes part"
    )
