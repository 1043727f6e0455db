import os
import subprocess
import sys

from local.machine.process_table import children, from_listing, read_table


def test_a_child_is_found_by_its_parent_with_its_command_and_memory() -> None:
    command = [sys.executable, "-c", "input()", "a child of this test"]

    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        found = [row for row in children(read_table(), os.getpid()) if row.pid == child.pid]

    assert len(found) == 1
    assert "a child of this test" in found[0].command
    assert found[0].resident_bytes > 0


def test_this_process_has_used_the_processor_as_long_as_it_says_itself() -> None:
    itself = next(row for row in read_table() if row.pid == os.getpid())

    times = os.times()

    assert abs(times.user + times.system - itself.cpu_seconds) < 5


def test_a_line_of_ps_counts_kibibytes_and_minutes() -> None:
    row = from_listing("  712   1  2048   1:02.50 /usr/bin/python -m hypercorn file.py:app")

    assert (row.pid, row.parent) == (712, 1)
    assert row.resident_bytes == 2 * 1024 * 1024
    assert row.cpu_seconds == 62.5
    assert row.command == "/usr/bin/python -m hypercorn file.py:app"


def test_a_line_of_ps_may_count_days_and_lack_a_command() -> None:
    row = from_listing("2 0 0 3-04:05:06")

    assert row.cpu_seconds == ((3 * 24 + 4) * 60 + 5) * 60 + 6
    assert row.command == ""
