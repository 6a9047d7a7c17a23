"""Tables about people: how many look alike to somebody who knows a few facts; coarser values raise that number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def groups(rows: Iterable[Row], columns: Sequence[str]) -> dict[tuple, list[Row]]:
    """Rows that look alike in the given columns, together: {values in these columns: rows}."""
    alike: dict[tuple, list[Row]] = {}
    for row in rows:
        alike.setdefault(tuple(row[column] for column in columns), []).append(row)
    return alike


def k_anonymity(rows: Sequence[Row], columns: Sequence[str]) -> int:
    """The size of the smallest group that looks alike in the columns that others may know (the quasi-identifiers).

    Returns:
        k: everybody hides among at least k - 1 others. 1 says that somebody is alone; 0 that there are no rows.

    Source:
        Sweeney, "k-anonymity: a model for protecting privacy", 2002.
    """
    return min(map(len, groups(rows, columns).values()), default=0)


def unique_share(rows: Sequence[Row], columns: Sequence[str]) -> float:
    """The share of rows that look like no other row. There must be at least one row."""
    return sum(len(group) == 1 for group in groups(rows, columns).values()) / len(rows)


def l_diversity(rows: Sequence[Row], columns: Sequence[str], sensitive: str) -> int:
    """The smallest number of different sensitive values in a group; 1 says that a person's group tells the value.

    Source:
        Machanavajjhala, Kifer, Gehrke, Venkitasubramaniam, "l-Diversity: Privacy Beyond k-Anonymity", TKDD 2007.
    """
    return min((len({row[sensitive] for row in group}) for group in groups(rows, columns).values()), default=0)


def generalise(
    rows: Iterable[Row], *, age_band: int = 1, oldest: int = 200, postcode_digits: int = 5
) -> list[dict[str, Any]]:
    """Copies of the rows with coarser ages and shorter postcodes.

    Args:
        rows: each with an "age" in years and a "postcode", a string.
        age_band: years in a band: 10 makes 47 "40-49".
        oldest: this age and all above become one band ("70+" for 70), since few people are so old. The band below ends
            at `oldest` - 1.
        postcode_digits: how many stay; 3 makes 34597 "345**".
    """
    result = []
    for row in rows:
        low = row["age"] // age_band * age_band
        high = min(low + age_band, oldest) - 1
        age = f"{low}-{high}" if high > low else str(low)
        code = row["postcode"]
        short = code[:postcode_digits] + "*" * (len(code) - postcode_digits)
        result.append({**row, "age": f"{oldest}+" if row["age"] >= oldest else age, "postcode": short})
    return result
