"""Memberships from callbacks, events and lists of members, and both sides' figures over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.collect.contracts import RawRequest
from weaktie.kit.clock import DAY_US, business_day, day_to_date


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


@pytest.fixture
def operator(wt: App) -> Iterator[Browser]:
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name="op", email="op@example.com", role="operator")
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    with TestClient(make_api(wt), base_url=ORIGIN) as http:
        browser = Browser(http)
        assert browser.sign_in("op@example.com").status_code == 200
        yield browser


def day(wt: App, ago: int) -> int:
    return business_day(START_US, wt.settings.zone) - ago


def iso(wt: App, ago: int) -> str:
    return day_to_date(day(wt, ago)).isoformat()


def did(number: int, user: str, ago: float, event: str = "App Opened", **properties: Any) -> dict[str, Any]:
    return track(number, user, event=event, at_us=START_US - int(ago * DAY_US), properties=properties)


def bought(number: int, user: str, ago: float, total: int) -> dict[str, Any]:
    return did(number, user, ago, "Order Completed", order_id=f"o{number}", total=total, currency="CNY")


def built(wt: App) -> None:
    bring_in(wt)
    build_once(wt, lambda *_: None)
    wt.clock.move(6)  # type: ignore[attr-defined]
    wt.behaviour.look_again()


def person(wt: App, user: str) -> int:
    with wt.database.connect() as connection:
        number = wt.identity.find(connection, user)
    assert number is not None
    return int(wt.behaviour.crowd().persons[number])


def call_back(
    wt: App, change: str, ago: int, customer: str, staff: str = "anna", event: str = "change_external_contact"
) -> None:
    seconds = (START_US - ago * DAY_US) // 1_000_000
    body = (
        f"<xml><Event>{event}</Event><ChangeType>{change}</ChangeType><CreateTime>{seconds}</CreateTime>"
        f"<ExternalUserID>{customer}</ExternalUserID><UserID>{staff}</UserID></xml>"
    )
    request = RawRequest("wecom", "/webhooks/w", "default", 15, wt.clock.now_us(), body.encode())
    writer = wt.log.writer()
    writer.append_now([msgspec.msgpack.encode(request)])
    writer.close()


def test_callbacks_open_and_close_memberships_by_member_of_staff(wt: App) -> None:
    call_back(wt, "add_external_contact", 20, "wmC1", "anna")
    call_back(wt, "add_external_contact", 15, "wmC1", "bob")
    call_back(wt, "del_follow_user", 10, "wmC1", "anna")
    call_back(wt, "add_external_contact", 9, "wmC2", "anna")
    call_back(wt, "del_external_contact", 5, "wmC2", "anna")
    put(
        wt, did(1, "u1", 3, "Friend Added", friend_id="u2")
    )  # friends of each other are in no channel of the shop
    built(wt)
    assert len(wt.private.members("wecom_friend", day(wt, 7))) == 2
    now = wt.private.members("wecom_friend", day(wt, 1))
    assert len(now) == 1, "one of two members of staff is left"
    assert wt.private.members("", day(wt, 1)).tolist() == now.tolist()
    assert len(wt.private.members("wecom_group", day(wt, 1))) == 0
    gone = wt.behaviour.people(
        {"kind": "private_left", "channel": "wecom_friend", "from": iso(wt, 6), "to": iso(wt, 4)}
    )
    assert len(gone) == 1 and gone[0] != now[0]


def test_figures_of_both_sides(wt: App, operator: Browser) -> None:
    put(
        wt,
        did(1, "in", 28, "Subscribed", private_channel="wecom_group", place_id="g1"),
        did(2, "in", 20), bought(3, "in", 19, 300), bought(4, "in", 12, 100),
        did(5, "late", 25), bought(6, "late", 24, 50),
        did(7, "late", 10, "Subscribed", private_channel="mini_program"), bought(8, "late", 9, 80),
        did(9, "late", 8, "Unsubscribed", private_channel="mini_program"), bought(10, "late", 7, 20),
        did(11, "out", 22), did(12, "out2", 22), bought(13, "out", 21, 100),
    )  # fmt: skip
    built(wt)
    answer = operator.send("GET", f"/api/private/figures?from={iso(wt, 29)}&to={iso(wt, 1)}&grain=month")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    private, public = found["whole"]["private"], found["whole"]["public"]
    assert (private["gmv"], private["orders"]) == ([{"amount_minor": 48_000, "currency": "CNY"}], 3)
    assert (public["gmv"], public["orders"]) == ([{"amount_minor": 17_000, "currency": "CNY"}], 3)
    assert (private["active"], private["people"], private["buyers"], private["repeaters"]) == (2, 2, 2, 1)
    assert (public["active"], public["people"], public["buyers"]) == (3, 2, 2)
    assert private["arpu_minor"] == 24_000 and public["arpu_minor"] == pytest.approx(17_000 / 3)
    assert found["whole"]["ratio"] == pytest.approx(24_000 / (17_000 / 3))
    assert found["whole"]["complete"] and found["first_known_day"] == iso(wt, 28)
    by_channel = {c["channel"]: c for c in found["channels"]}
    assert (by_channel["wecom_group"]["members"], by_channel["wecom_group"]["joins"]) == (1, 1)
    assert (by_channel["mini_program"]["members"], by_channel["mini_program"]["leaves"]) == (0, 1)
    assert by_channel["mini_program"]["side"]["gmv"] == [{"amount_minor": 8_000, "currency": "CNY"}]
    assert sum(m["joins"] for m in by_channel["wecom_group"]["moves"]) == 1
    periods = found["periods"]
    assert sum(p["private"]["orders"] for p in periods) == 3, "periods add up to the whole"
    assert sum(p["public"]["orders"] for p in periods) == 3
    at = np.array([START_US - 9 * DAY_US, START_US - 11 * DAY_US, START_US - 7 * DAY_US], np.int64)
    late = np.full(3, person(wt, "late"), np.int32)
    assert wt.private.inside(late, at).tolist() == [True, False, False]
    text = operator.send("GET", f"/api/private/figures.csv?from={iso(wt, 29)}&to={iso(wt, 1)}&grain=day").text
    assert len(text.splitlines()) == 1 + 29 * 2
    now = operator.send("GET", "/api/private/figures").json()
    assert not now["whole"]["complete"], "today is not over"
    assert operator.send("GET", "/api/private/figures?from=2026-01-02&to=2026-01-01").status_code == 400


def upload(operator: Browser, text: str | bytes, query: str = "") -> Any:
    body = text.encode() if isinstance(text, str) else text
    headers = {"Origin": ORIGIN, "X-CSRF-Token": operator.csrf}
    return operator.client.post(f"/api/private/members{query}", content=body, headers=headers)


def test_a_list_of_members_is_taken_once_and_its_bad_lines_are_said(wt: App, operator: Browser) -> None:
    put(wt, did(1, "u1", 2), did(2, "u2", 2))
    bring_in(wt)
    text = (
        "user_id,渠道,加入时间,离开时间,群ID\n"
        f"u1,社群,{iso(wt, 10)},,g1\n"
        f"u2,企微好友,{iso(wt, 10)} 10:00:00,{iso(wt, 4)},\n"
        f",社群,{iso(wt, 10)},,g1\n"
        f"u3,电视,{iso(wt, 10)},,g1\n"
        "u3,社群,not a day,,g1\n"
        "u3,社群,2999-01-01,,g1\n"
        f"u3,社群,{iso(wt, 3)},{iso(wt, 9)},g1\n"
    )
    taken = upload(operator, text).json()
    assert (taken["rows"], taken["stored"], taken["duplicates"]) == (7, 3, 0)
    assert [(b["line"], b["column"]) for b in taken["bad"]] == [
        (4, "user_id"), (5, "channel"), (6, "joined"), (7, "joined"), (8, "left"),
    ]  # fmt: skip
    again = upload(operator, text.encode("gb18030")).json()
    assert (again["stored"], again["duplicates"]) == (0, 3)
    built(wt)
    assert wt.private.members("wecom_group", day(wt, 5)).tolist() == [person(wt, "u1")]
    assert wt.private.members("wecom_friend", day(wt, 5)).tolist() == [person(wt, "u2")]
    assert wt.private.members("wecom_friend", day(wt, 3)).tolist() == []
    assert {row["event"] for row in stored(wt)} >= {"Subscribed", "Unsubscribed"}
    for bad in ("", "a,b\n1,2\n", "user_id,joined\nu1,2026-01-01\n"):
        assert upload(operator, bad).status_code == 400, bad
    assert (
        upload(operator, "user_id,joined\nu9,2026-09-01\n", "?channel=official_account").json()["stored"] == 1
    )
    assert upload(operator, text, "?source_id=nothing").status_code == 404


def test_who_is_erased_or_withdraws_is_a_member_no_more(wt: App) -> None:
    put(wt, did(1, "u1", 5, "Subscribed"), did(2, "u2", 5, "Subscribed"))
    built(wt)
    assert len(wt.private.members("mini_program", day(wt, 0))) == 2
    with wt.database.begin() as tx:
        number = wt.identity.find(tx, "u1")
        assert number is not None
        wt.permits.record(tx, [number], "analytics", granted=False, how="test")
    wt.clock.move(6)  # type: ignore[attr-defined]
    assert len(wt.private.members("mini_program", day(wt, 0))) == 1
