from local.load.usage import PARTS, Use
from local.soak.measure import Rates, Sample, describe, describe_processor_time

_MEBIBYTE = 1024 * 1024


def _sample(seconds: float, results: int, mebibytes: int, cpu_seconds: float) -> Sample:
    use = Use(1, mebibytes * _MEBIBYTE, cpu_seconds)
    return Sample(seconds, results, dict.fromkeys(PARTS, use))


def test_rates_are_those_of_the_first_and_the_last_fifth() -> None:
    slow, fast = [10.0, 20.0], [20.0 + n for n in range(1, 9)]

    rates = Rates.of(slow + fast)

    assert rates == Rates(first=0.1, last=1.0)


def test_too_few_results_have_no_rates() -> None:
    assert Rates.of([]) == Rates(0.0, 0.0)
    assert Rates.of([1.0]) == Rates(0.0, 0.0)


def test_the_table_has_rates_since_the_sample_before_and_memory_in_mebibytes() -> None:
    text = describe([_sample(0, 0, 10, 0.0), _sample(10, 500, 20, 4.0)])

    last = text.splitlines()[-1].split()
    assert last == ["500", "10", "50.0", "20", "20", "20", "20", "80", "1.6"]


def test_processor_time_is_reported_for_each_result() -> None:
    text = describe_processor_time([_sample(0, 0, 10, 1.0), _sample(10, 500, 20, 4.0)])

    assert "ministack 6.0," in text
    assert text.endswith("together 24.0")
