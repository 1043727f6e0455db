from itertools import islice

from local.chaos.schedule import Dose, Schedule

_KEYS = [f"inputs/row {n}.csv" for n in range(10_000)]


def test_the_same_seed_announces_the_same_uploads_twice_in_whatever_order() -> None:
    forwards = {key: Schedule(7).second_announcement(key) for key in _KEYS}
    backwards = {key: Schedule(7).second_announcement(key) for key in reversed(_KEYS)}

    assert forwards == backwards


def test_another_seed_announces_others_twice() -> None:
    def twice(seed: int) -> set[str]:
        schedule = Schedule(seed)
        return {key for key in _KEYS if schedule.second_announcement(key) is not None}

    assert twice(7) != twice(8)


def test_about_the_given_share_is_announced_twice_at_once_and_later() -> None:
    schedule = Schedule(7, announced_twice=0.05)

    delays = [d for key in _KEYS if (d := schedule.second_announcement(key)) is not None]

    assert 400 < len(delays) < 600
    assert min(delays) == 0
    assert 30 < max(delays) <= 900  # what SQS takes


def test_nothing_and_everything_can_be_announced_twice() -> None:
    assert Schedule(7, announced_twice=0.0).second_announcement("inputs/1.csv") is None
    assert Schedule(7, announced_twice=1.0).second_announcement("inputs/1.csv") is not None


def test_kills_follow_the_seed_and_come_as_often_as_asked() -> None:
    kills = list(islice(Schedule(7, seconds_between_kills=10).kills(), 1_000))

    assert kills == list(islice(Schedule(7, seconds_between_kills=10).kills(), 1_000))
    assert 9 < sum(kill.after_seconds for kill in kills) / len(kills) < 11


def test_the_endpoint_is_silent_in_windows_of_its_own() -> None:
    schedule = Schedule(7)

    silences = list(islice(schedule.silences(), 1_000))

    assert silences == list(islice(Schedule(7).silences(), 1_000))
    assert silences != list(islice(schedule.hangs(), 1_000))
    assert 400 < sum(each.position < 0.5 for each in silences) < 600


def test_every_worker_can_be_chosen() -> None:
    assert [Dose(1, position).choose("abc") for position in (0.0, 0.5, 0.999)] == ["a", "b", "c"]


def test_the_emulator_knows_every_fault_that_the_schedule_names() -> None:
    from async_endpoint_emulator.documents import read_document
    from async_endpoint_emulator.faults import Faults

    faults = read_document(Faults, Schedule(7).faults())

    assert faults.lose_notification == 0.05
    assert faults.seed == 7
