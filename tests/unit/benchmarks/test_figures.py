"""The table: ratios, spread, and targets that are missed."""

from benchmarks.figures import Figure, Sample, render


def test_a_sample_is_its_median_and_the_quartiles_beside_it() -> None:
    assert Sample.of([5.0, 1.0, 4.0, 2.0, 3.0]) == Sample(3.0, 2.0, 4.0)
    assert Sample.of([7.0]) == Sample(7.0, 7.0, 7.0)


def test_a_target_is_missed_where_a_value_or_a_ratio_exceeds_it() -> None:
    def figure(relay: float) -> Figure:
        return Figure(
            "calls",
            " ms",
            Sample.exact(relay),
            Sample.exact(2.0),
            Sample.exact(10.0),
            at_most=4.0,
            at_most_of_bare=1.5,
            at_most_of_usual=0.5,
        )

    assert figure(3.0).missed == []
    assert len(figure(3.5).missed) == 1
    assert "1.75 times bare" in figure(3.5).missed[0]
    assert len(figure(6.0).missed) == 3


def test_the_table_has_values_spread_ratios_and_missed_targets() -> None:
    text = render(
        [Figure("start", " ms", Sample(120, 110, 130), Sample.exact(100), at_most_of_bare=1.1)]
    )

    header, line, missed = text.splitlines()
    assert header.split() == ["relay", "bare", "usual", "of", "bare", "of", "usual", "target"]
    assert line.split("  ")[:2] == ["start", "120 ms (110-130)"]
    assert "1.20" in line
    assert line.endswith("MISSED")
    assert missed == "missed: start is 1.2 times bare; the target is at most 1.1"
