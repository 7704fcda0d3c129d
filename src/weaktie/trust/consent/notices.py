"""Texts that people are told before they choose: drafts, published versions, differences."""

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import DRAFT, NAME_OF, PUBLISHED, SUBJECTS, Material, Notice
from weaktie.trust.consent.tables import consent_notices

REMEMBERED_S = 1.0
LONGEST_TITLE, LONGEST_BODY = 120, 20_000


class Notices:
    """The versions of every text. What is published is remembered for a second, since every profile that is read asks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._published: dict[str, list[Notice]] = {}
        self._read_at = float("-inf")

    def versions(self, connection: Connection, subject: str | None = None) -> list[Notice]:
        """Every version, of one subject or of all; the newest first within a subject."""
        query = select(consent_notices).order_by(consent_notices.c.subject, consent_notices.c.version.desc())
        if subject is not None:
            query = query.where(consent_notices.c.subject == checked_subject(subject))
        return [_notice(row) for row in connection.execute(query).mappings()]

    def find(self, connection: Connection, subject: str, version: int) -> Notice:
        """One version; raises NotFound `no_notice`."""
        row = connection.execute(
            select(consent_notices).where(
                consent_notices.c.subject == checked_subject(subject), consent_notices.c.version == version
            )
        ).mappings().first()  # fmt: skip
        if row is None:
            raise NotFound(
                "no_notice", Words("没有这个版本的告知文本。", "There is no such version of the text."), place="version"
            )  # fmt: skip
        return _notice(row)

    def current(self, connection: Connection, subject: str) -> Notice | None:
        """The newest published version of a subject, None before the first."""
        return next(iter(self._all_published(connection).get(subject, ())), None)

    def material(self, connection: Connection) -> dict[int, Material]:
        """For each subject's bit its newest published version that changed materially."""
        found = {}
        for subject, notices in self._all_published(connection).items():
            newest = next((n for n in notices if n.material), None)
            if newest is not None and newest.published_us is not None:
                found[int(SUBJECTS[subject])] = Material(newest.version, newest.published_us)
        return found

    def save_draft(
        self, tx: Connection, subject: str, title: Words, body: Words, *, material: bool, actor: str
    ) -> Notice:
        """Write the subject's draft, in place of the one it has; raises Refused `bad_notice`."""
        if (
            len(title.zh) > LONGEST_TITLE
            or len(title.en) > LONGEST_TITLE
            or max(len(body.zh), len(body.en)) > LONGEST_BODY
        ):
            raise Refused("bad_notice", Words("文本过长。", "The text is too long."), place="body")
        known = self.versions(tx, subject)
        draft = next((n for n in known if n.state == DRAFT), None)
        version = draft.version if draft else (known[0].version + 1 if known else 1)
        if draft is not None:
            self.discard(tx, subject, version)
        tx.execute(
            insert(consent_notices).values(
                subject=subject, version=version, state=DRAFT, title_zh=title.zh, title_en=title.en, body_zh=body.zh,
                body_en=body.en, material=material, created_us=self._clock.now_us(), created_by=actor[:64],
            )
        )  # fmt: skip
        return self.find(tx, subject, version)

    def publish(self, tx: Connection, subject: str, version: int, *, actor: str) -> Notice:
        """Make a draft the text that people are told from now on; raises Conflict `already_published`."""
        if self.find(tx, subject, version).state == PUBLISHED:
            raise Conflict(
                "already_published", Words("该版本已发布，不能再修改。", "This version is published; it never changes."),
                place="version",
            )  # fmt: skip
        tx.execute(
            update(consent_notices)
            .where(consent_notices.c.subject == subject, consent_notices.c.version == version)
            .values(state=PUBLISHED, published_us=self._clock.now_us(), published_by=actor[:64])
        )
        self.forget_remembered()
        return self.find(tx, subject, version)

    def discard(self, tx: Connection, subject: str, version: int) -> None:
        """Drop a draft; a published version stays for ever."""
        tx.execute(
            delete(consent_notices).where(
                consent_notices.c.subject == subject,
                consent_notices.c.version == version,
                consent_notices.c.state == DRAFT,
            )
        )

    def forget_remembered(self) -> None:
        """Read the database at the next call."""
        self._read_at = float("-inf")

    def _all_published(self, connection: Connection) -> dict[str, list[Notice]]:
        now = self._clock.monotonic()
        if now - self._read_at >= REMEMBERED_S:
            found: dict[str, list[Notice]] = {name: [] for name in SUBJECTS}
            for notice in self.versions(connection):
                if notice.state == PUBLISHED:
                    found[notice.subject].append(notice)
            self._published, self._read_at = found, now
        return self._published


def checked_subject(subject: str) -> str:
    """The subject; raises NotFound `no_subject`."""
    if subject not in SUBJECTS:
        raise NotFound(
            "no_subject",
            Words("没有这个处理目的：" + "、".join(SUBJECTS), f"Subjects are {', '.join(NAME_OF.values())}."),
            place="subject",
        )
    return subject


def _notice(row: RowMapping) -> Notice:
    return Notice(
        row["subject"], row["version"], row["state"], Words(row["title_zh"], row["title_en"]),
        Words(row["body_zh"], row["body_en"]), bool(row["material"]), row["created_us"], row["created_by"],
        row["published_us"], row["published_by"],
    )  # fmt: skip
