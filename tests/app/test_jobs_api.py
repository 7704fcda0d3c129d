"""Jobs as the console shows them: why one failed, by whom it was asked for, and nothing of the server's disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.suites.homes import fresh_app
from weaktie.app.api import job_body
from weaktie.app.cli_data import as_job
from weaktie.app.wiring import App
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def failed(wt: App, error: Exception) -> str:
    job = wt.jobs.start("build", {}, "acc_1")

    def work(_told: object) -> dict[str, object]:
        raise error

    with pytest.raises(type(error)):
        as_job(wt, job.job_id, work)
    return job.job_id


def test_a_failed_job_says_why_in_words(wt: App) -> None:
    refused = job_body(
        wt.jobs.get(failed(wt, Refused("no_way", Words("不行", "no"), place="x"))), {"acc_1": "店长"}
    )
    assert refused.error == "no_way" and refused.error_words is not None
    assert (refused.error_words.zh, refused.error_words.en, refused.actor_name) == ("不行", "no", "店长")
    assert refused.result == {}
    other = job_body(wt.jobs.get(failed(wt, ValueError("13800001111"))), {})
    assert other.error_words is not None and "ValueError" in other.error_words.en and other.actor_name is None
    died = wt.jobs.start("build", {}, "schedule")
    wt.jobs.end(died.job_id, error="process_died")
    words = job_body(wt.jobs.get(died.job_id), {}).error_words
    assert words is not None and "died" in words.en


def test_a_result_holds_no_path_of_the_server(wt: App) -> None:
    job = wt.jobs.start("import", {}, "acc_1")
    wt.jobs.end(job.job_id, result={"rows": 1, "bad_rows_file": "/srv/home/imports/x/bad.csv"})
    assert job_body(wt.jobs.get(job.job_id), {}).result == {"rows": 1}
