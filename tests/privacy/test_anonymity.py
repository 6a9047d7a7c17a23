"""Tables about people: closed forms on small tables, and what making values coarser must never do."""

from hypothesis import given
from hypothesis import strategies as st

from aigc_lab.privacy import anonymity

COLUMNS = ["age", "postcode", "sex"]
people = st.lists(
    st.fixed_dictionaries(
        {
            "age": st.integers(18, 90),
            "postcode": st.from_regex("34[0-9]{3}", fullmatch=True),
            "sex": st.sampled_from("fm"),
        }
    ),
    min_size=1,
    max_size=40,
)


def test_sweeneys_kind_of_table():
    rows = [dict(zip(["race", "sex", "illness"], values, strict=True)) for values in
            [("a", "f", 1), ("a", "f", 2), ("b", "f", 1), ("b", "f", 1), ("b", "m", 2), ("b", "m", 1)]]  # fmt: skip
    assert anonymity.k_anonymity(rows, ["race", "sex"]) == 2
    assert anonymity.k_anonymity(rows, ["race"]) == 2
    assert anonymity.k_anonymity(rows, []) == 6
    assert anonymity.l_diversity(rows, ["race", "sex"], "illness") == 1
    assert anonymity.l_diversity(rows, ["race"], "illness") == 2
    assert anonymity.k_anonymity([], ["race"]) == 0


@given(rows=people)
def test_k_is_one_exactly_if_somebody_is_unique(rows):
    assert (anonymity.k_anonymity(rows, COLUMNS) == 1) == (anonymity.unique_share(rows, COLUMNS) > 0)


@given(rows=people, band=st.sampled_from([2, 5, 10, 20]), digits=st.integers(0, 5))
def test_coarser_values_never_lower_k(rows, band, digits):
    before = anonymity.k_anonymity(rows, COLUMNS)
    coarser = anonymity.generalise(rows, age_band=band, postcode_digits=digits)
    assert anonymity.k_anonymity(coarser, COLUMNS) >= before


def test_generalise_writes_bands_and_stars_and_leaves_the_rows_alone():
    rows = [{"age": 47, "postcode": "34597", "sex": "f"}, {"age": 70, "postcode": "34311", "sex": "m"}]
    coarse = anonymity.generalise(rows, age_band=10, oldest=70, postcode_digits=3)
    assert coarse == [
        {"age": "40-49", "postcode": "345**", "sex": "f"},
        {"age": "70+", "postcode": "343**", "sex": "m"},
    ]
    assert rows[0] == {"age": 47, "postcode": "34597", "sex": "f"}


@given(rows=people, band=st.sampled_from([7, 10, 20]), oldest=st.integers(30, 85))
def test_bands_do_not_overlap(rows, band, oldest):
    """Each age belongs to one band: what the label says contains it, and nobody else's label does."""
    labels = {row["age"] for row in anonymity.generalise(rows, age_band=band, oldest=oldest)}
    for row in rows:
        holding = [label for label in labels if row["age"] in _ages(label)]
        assert len(holding) == 1


def _ages(label):
    if label.endswith("+"):
        return range(int(label[:-1]), 200)
    low, _, high = label.partition("-")
    return range(int(low), int(high or low) + 1)
