"""Bodies of the consent routes."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.trust.consent.contracts import Notice

Subject = Literal["analytics", "personalisation", "marketing", "social", "sensitive", "sharing", "guardian"]
Id = Annotated[PlainText, Field(min_length=1, max_length=200)]


class NoticeBody(BaseModel):
    """One version of a text."""

    subject: str
    version: int
    state: Literal["draft", "published"]
    title: WordsBody
    body: WordsBody
    material: bool
    created_time: str
    created_by: str
    published_time: str | None
    published_by: str | None


class SubjectBody(BaseModel):
    """A purpose or separate consent with its versions, the newest first."""

    subject: str
    words: WordsBody
    versions: list[NoticeBody]


class DraftBody(BaseModel):
    """What a draft says; `material` means that what is done with the data changes."""

    title_zh: Annotated[PlainText, Field(min_length=1, max_length=120)]
    title_en: Annotated[PlainText, Field(min_length=1, max_length=120)]
    body_zh: Annotated[PlainText, Field(min_length=1, max_length=20_000)]
    body_en: Annotated[PlainText, Field(min_length=1, max_length=20_000)]
    material: bool = False


class LineBody(BaseModel):
    """A line of a difference."""

    kind: str
    text: str


class CountBody(BaseModel):
    """People by answer."""

    subject: str
    granted: int
    refused: int
    unknown: int


class SourceNumbers(BaseModel):
    """The people seen in one source."""

    source: str
    people: int
    subjects: list[CountBody]


class DayNumbers(BaseModel):
    """Receipts of one UTC day."""

    day: str
    subject: str
    granted: int
    refused: int


class NumbersBody(BaseModel):
    """The figures of the consent page."""

    people: int
    minors: int
    subjects: list[CountBody]
    by_source: list[SourceNumbers]
    by_day: list[DayNumbers]


class LinkAsk(BaseModel):
    """For whom a personal link is, and for how many hours."""

    user_id: Id
    hours: Annotated[int | None, Field(ge=1, le=720)] = None


class LinkBody(BaseModel):
    """A personal link; `url` is `path` under the address at which we were called."""

    link_id: str
    path: str
    url: str
    expires_time: str


class AgeAsk(BaseModel):
    """An age band and how it is known."""

    band: Literal["child", "youth", "adult"]
    reason: Annotated[PlainText, Field(min_length=1, max_length=200)]


class PromptBody(BaseModel):
    """Whether to ask for one subject now; reasons: not_asked, text_changed, refused_long_ago (ask), granted, minor,
    refused_recently, no_text (do not)."""

    subject: str
    ask: bool
    reason: str
    again_time: str | None
    notice: NoticeBody | None


class PromptsBody(BaseModel):
    """An answer for each subject, in the order asked."""

    items: list[PromptBody]


class ReceiptAsk(BaseModel):
    """One choice as the shop took it down; `age` or `birthday` where the person gave it."""

    user_id: Id
    kind: Literal["user", "anonymous", "phone", "email", "device"] = "user"
    purpose: Subject
    granted: bool
    how: Annotated[PlainText, Field(min_length=1, max_length=50)]
    at: AwareDatetime | None = None
    notice_version: Annotated[int | None, Field(ge=1)] = None
    age: Annotated[int | None, Field(ge=0, le=130)] = None
    birthday: Annotated[PlainText | None, Field(max_length=20)] = None


class ReceiptsAsk(BaseModel):
    """Choices, at most 500."""

    receipts: Annotated[list[ReceiptAsk], Field(min_length=1, max_length=500)]


class TakenBody(BaseModel):
    """How many receipts were taken down."""

    taken: int


class MineAsk(BaseModel):
    """What the person does on their own page."""

    token: Annotated[PlainText, Field(min_length=1, max_length=200)]
    do: Literal["choose", "delete_tag", "allow_tag", "ask"]
    subject: Subject | None = None
    granted: bool | None = None
    notice_version: Annotated[int | None, Field(ge=1)] = None
    tag: Annotated[PlainText | None, Field(max_length=64)] = None
    kind: Literal["copy", "correct", "erase", "explain"] | None = None
    text: Annotated[PlainText | None, Field(max_length=500)] = None
    confirm: bool = False


class DoneBody(BaseModel):
    """It is done; a request for a right has a number."""

    done: bool
    request_id: str | None


def notice(notice: Notice) -> NoticeBody:
    """A version as a body."""
    return NoticeBody(
        subject=notice.subject, version=notice.version, state="draft" if notice.published_us is None else "published",
        title=words_body(notice.title), body=words_body(notice.body), material=notice.material,
        created_time=to_iso(notice.created_us), created_by=notice.created_by,
        published_time=None if notice.published_us is None else to_iso(notice.published_us),
        published_by=notice.published_by,
    )  # fmt: skip
