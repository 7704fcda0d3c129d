"""Personal values and secrets planted in every way in never reach a log, a health answer or a dead letter (R30)."""

import base64
import json
from pathlib import Path

from tests.suites.servers import last_line, run, serving

PHONE, MAIL, CARD = "19955557431", "canary.7431@example.com", "11010519491231002X"
PASSWORD = "canary-password-7431"


def test_canaries_reach_no_log_and_no_answer_that_shows_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("init", "--home", str(home))
    write = last_line(run("key", "create", "--kind", "write", "--name", "w", "--home", str(home)))
    read = last_line(run("key", "create", "--kind", "read", "--name", "r", "--home", str(home)))
    basic = {"Authorization": "Basic " + base64.b64encode(f"{write}:".encode()).decode()}
    wrong = {"Authorization": "Basic " + base64.b64encode(f"{write}x:".encode()).decode()}
    canaries = {"phone": PHONE, "email": MAIL, "note": f"call {PHONE} or {MAIL}, card {CARD}"}
    good = {"type": "identify", "userId": PHONE, "messageId": "1", "traits": canaries}
    noted = {
        "type": "track",
        "userId": "u1",
        "messageId": "2",
        "event": "Order Completed",
        "properties": canaries,
    }
    bad = [
        {"type": "track", "userId": PHONE, "messageId": "3", "properties": canaries},
        {
            "type": "track",
            "userId": PHONE,
            "messageId": "4",
            "event": f"Called {PHONE}\ud800",
            "properties": canaries,
        },
        {"type": PHONE, "userId": MAIL, "messageId": "5"},
    ]
    with serving(home) as server:
        assert server.call("/v1/batch", {"batch": [good, noted, *bad]}, headers=basic)[0] == 200
        assert server.call("/v1/batch", {"batch": [good]}, headers=wrong)[0] == 401
        assert server.call("/v1/batch", b'{"batch": [' + PHONE.encode() + b"}", headers=basic)[0] in (
            200,
            400,
        )
        assert server.call(f"/v1/batch?{PHONE}={MAIL}", b"\xff" + MAIL.encode(), headers=basic)[0] == 400
        assert server.call("/api/session", {"email": MAIL, "password": PASSWORD})[0] in (401, 403)
        assert server.call(f"/api/profiles/{PHONE}")[0] == 401
        assert server.call(f"/api/profiles/{MAIL}%00", headers={"Authorization": f"Bearer {read}"})[0] in (
            400,
            404,
        )
        letters = server.until("/api/dead-letters", read, lambda page: page["total"] >= 2)
        answers = [json.dumps(letters, ensure_ascii=False)]
        run("build", "--home", str(home))
        paths = (
            f"/api/profiles/{PHONE}", "/api/users", "/api/live/events", "/api/overview", "/api/dead-letters/summary",
            "/api/health", "/api/settings", "/api/jobs", "/api/sources",
        )  # fmt: skip
        answers += [json.dumps(server.get(path, read), ensure_ascii=False) for path in paths]
        exported = server.call("/api/users/export", headers={"Authorization": f"Bearer {read}"})[1].decode()
    shown = "\n".join(answers) + exported + run("status", "--home", str(home), "--json")
    logged = (home / "run" / "server.log").read_text("utf-8")
    for secret in (PHONE, MAIL, CARD, PASSWORD, write, read):
        assert secret not in logged, f"{secret} is in the log"
        assert secret not in shown, f"{secret} is shown: …{around(shown, secret)}…"


def around(text: str, secret: str) -> str:
    """Where a value was shown, for the failure's message."""
    at = text.index(secret)
    return text[max(0, at - 200) : at + 60]
