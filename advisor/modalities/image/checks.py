"""What can be wrong with pictures before any training: D09 and D10 of pictures that are nearly alike, L06 of files that
give the target away. Equal pictures with different targets are told for data of any kind (D02)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from advisor.measuring.association import held_out_skill
from advisor.modalities.image.decode import pixels_of
from advisor.records import Dataset, Finding
from advisor.wording import percent, some

# Thumbs that pictures are held against one another by, and how far two may be apart, in 255ths by the root of the mean
# square, to be of one scene: JPEG and scaling make 1 to 3.
THUMB, NEAR = 16, 4.0
# How many axes pictures are sought along, and how many neighbours of each are looked at.
AXES, MOST_NEIGHBOURS = 8, 4
# Thumbs with less contrast than this are of nothing: all of these are near one another.
LEAST_CONTRAST = 4.0
MOST_PAIRED = 20_000
WARNING_SHARE = 0.02
AUC_TOO_GOOD, R2_TOO_GOOD = 0.9, 0.8
FEWEST_ROWS = 50


def look_for_findings(dataset: Dataset) -> tuple[Finding, ...]:
    """Return what is to be known of pictures that are nearly alike."""
    found = nearly_alike(dataset.inputs["image"].to_numpy(), dataset.target, bool(dataset.classes))
    return tuple(finding for finding in found if finding is not None)


def nearly_alike(pictures: np.ndarray, target: np.ndarray, classes: bool) -> tuple[Finding | None, Finding | None]:
    """D09: pictures that are nearly another one; D10: those of them with another target. One for each picture is told.

    At most 20,000 pictures are looked at.
    """
    pairs = near_pairs(pictures[:MOST_PAIRED])
    if not len(pairs):
        return None, None
    rows = len(np.unique(pairs))
    share = rows / min(len(pictures), MOST_PAIRED)
    alike = Finding(
        "D09",
        "warning" if share >= WARNING_SHARE else "info",
        f"{rows:,} pictures ({percent(share)}) are nearly equal to another one.",
        "A test picture that training knows flatters the score; leave copies out, or name what they come from with "
        "--group (in a table with --image).",
        {"rows": rows, "share": share, "pairs": pairs[:10].tolist()},
    )
    clashing = pairs[target[pairs[:, 0]] != target[pairs[:, 1]]] if classes else pairs[:0]
    if not len(clashing):
        return alike, None
    wrong = len(np.unique(clashing))
    return alike, Finding(
        "D10",
        "warning",
        f"{wrong:,} pictures are nearly equal to one of another class.",
        "Look at them: one of the two is labelled wrongly, or nothing that a picture shows tells these classes apart.",
        {"rows": wrong, "pairs": clashing[:10].tolist()},
    )


def near_pairs(pictures: np.ndarray) -> np.ndarray:
    """Return positions (k, 2) of pictures that are nearly equal; of one that has many such, the nearest few."""
    thumbs = pixels_of(pictures, THUMB).reshape(len(pictures), -1).astype(np.float32)
    telling = np.flatnonzero(thumbs.std(axis=1) >= LEAST_CONTRAST)
    if len(telling) < 2:
        return np.empty((0, 2), dtype=np.int64)
    fields = thumbs[telling].reshape(-1, 4, 4, 4, 4, 3).mean((2, 4)).reshape(len(telling), -1) * 4.0
    centred = fields - fields.mean(axis=0)
    # Neither means over fields (times the root of their size) nor fewer axes bring two pictures farther apart.
    axes = np.linalg.eigh(centred.T @ centred)[1][:, -AXES:]
    seen = centred @ axes
    most = NEAR * np.sqrt(thumbs.shape[1])
    beside = cKDTree(seen).query(seen, k=MOST_NEIGHBOURS + 1, distance_upper_bound=most)[1]
    one, place = np.nonzero(beside < len(telling))
    pairs = np.unique(np.sort(np.stack([one, beside[one, place]], 1), axis=1), axis=0)
    pairs = telling[pairs[pairs[:, 0] < pairs[:, 1]]]
    apart = np.sqrt(((thumbs[pairs[:, 0]] - thumbs[pairs[:, 1]]) ** 2).mean(axis=1))
    return np.asarray(pairs[apart <= NEAR])


def facts_tell(facts: pd.DataFrame, target: np.ndarray, classes: int) -> Finding | None:
    """L06: what a file says besides its pixels (format, size, mode, camera) tells the target on rows held out.

    `facts` (n, k) is empty where pictures came as arrays. Left out below 50 rows.
    """
    if len(target) < FEWEST_ROWS or not len(facts.columns):
        return None
    limit = AUC_TOO_GOOD if classes else R2_TOO_GOOD
    skills = {}
    for name in facts.columns:
        nominal = not pd.api.types.is_numeric_dtype(facts[name].dtype)
        values = pd.factorize(facts[name])[0].astype(float) if nominal else facts[name].to_numpy(float)
        if len(np.unique(values)) > 1:
            skills[str(name)] = held_out_skill(values, nominal, target, classes)
    telling = {name: skill for name, skill in skills.items() if skill >= limit}
    if not telling:
        return None
    names = sorted(telling, key=lambda name: -telling[name])
    measure = "AUC" if classes else "R2"
    return Finding(
        "L06",
        "warning",
        f"The files alone tell the target: {some(names)} ({measure} {telling[names[0]]:.2f} for the first "
        "on rows held out).",
        "A model may learn how the pictures were made, and not what they show; bring all into one format and size, "
        "from one source.",
        {"facts": names, "measure": measure, "skill": telling},
    )
