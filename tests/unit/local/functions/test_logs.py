"""What matters in the logs."""

from pathlib import Path

from local.functions.logs import denials, trouble


def test_a_refusal_by_aws_is_found_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "submit.log").write_text("fine\nAn error occurred (AccessDeniedException): no\n")
    (tmp_path / "route.log").write_text("fine\n")
    (tmp_path / "sam-deploy.log").write_text(
        "+ Add  RouteAccessDeniedAlarm  AWS::CloudWatch::Alarm\n"
    )

    assert denials(tmp_path) == ["submit.log:2: An error occurred (AccessDeniedException): no"]


def test_trouble_is_the_last_few_lines_with_an_error(tmp_path: Path) -> None:
    lines = [f"ERROR number {n}\n" for n in range(20)]
    (tmp_path / "route.log").write_text("fine\n".join(lines))

    found = trouble(tmp_path)

    assert len(found) == 5
    assert found[-1].endswith("ERROR number 19")
