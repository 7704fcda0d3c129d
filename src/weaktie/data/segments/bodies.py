"""What the HTTP requests and answers of segments hold."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.segments.contracts import TagType
from weaktie.kit.web import PlainText, WordsBody

Rule = dict[str, Any]


class Ask(BaseModel):
    """A request; a member that is not known is refused."""

    model_config = ConfigDict(extra="forbid")


class SegmentAsk(Ask):
    """What a segment is to be."""

    name: PlainText = Field(min_length=1, max_length=100)
    note: PlainText = Field(default="", max_length=500)
    rule: Rule
    frozen: bool = False


class SegmentEditAsk(SegmentAsk):
    """What a segment is to become; `version` is the one that was read."""

    version: int


class SegmentRestoreAsk(Ask):
    """Which version is the newest now."""

    version: int


class SegmentPreviewAsk(Ask):
    """A rule whose size is wanted; `overlaps` are segments to compare it with."""

    rule: Rule
    exact: bool = False
    overlaps: list[PlainText] = Field(default=[], max_length=8)


class SegmentSentenceAsk(Ask):
    """A rule that is to be said."""

    rule: Rule


class SegmentOverlapBody(BaseModel):
    """How many of a preview's people are in another segment too."""

    segment_id: str
    name: str
    size: int
    both: int


class SegmentReasonBody(BaseModel):
    """Why people are left out, and how many."""

    code: str
    words: WordsBody
    count: int


class SegmentLeftOutBody(BaseModel):
    """How many people no segment has, by reason."""

    total: int
    reasons: list[SegmentReasonBody]


class SegmentPreviewBody(BaseModel):
    """The size of a rule's people. `low` to `high` is the 95 % interval where it was sampled among `asked` people. `parts` are
    sizes by place, as errors name places."""

    size: int
    low: int
    high: int
    everybody: int
    share: float
    sampled: bool
    asked: int
    parts: dict[str, int]
    overlaps: list[SegmentOverlapBody]
    left_out: SegmentLeftOutBody
    sentence: WordsBody
    took_ms: int


class SegmentBody(BaseModel):
    """A segment in a list; `trend` are its sizes after the last runs, the oldest first."""

    segment_id: str
    name: str
    note: str
    owner: str
    owner_name: str | None
    frozen: bool
    version: int
    sentence: WordsBody
    size: int
    share: float
    computed_time: str | None
    made_time: str
    changed_time: str
    archived_time: str | None
    trend: list[int]


class SegmentsBody(BaseModel):
    """All segments, and how many people there are in all."""

    items: list[SegmentBody]
    everybody: int


class SegmentListBody(BaseModel):
    """What became of an uploaded list; `rate` is the share of lines that named somebody."""

    list_id: str
    lines: int
    matched: int
    unmatched: int
    repeated: int
    people: int
    rate: float


class SegmentOneBody(SegmentBody):
    """A segment with its rule, the lists in it, and the segments that refer to it."""

    rule: Rule
    lists: list[SegmentListBody]
    used_by: list[str]


class SegmentMadeBody(BaseModel):
    """A segment that was saved."""

    segment_id: str
    version: int
    size: int


class SegmentVersionBody(BaseModel):
    """A version of a segment."""

    version: int
    name: str
    note: str
    frozen: bool
    sentence: WordsBody
    changed_time: str
    changed_by: str
    changed_by_name: str | None
    restored_from: int | None


class SegmentRunBody(BaseModel):
    """A run that changed the members. `entered` and `left` can be opened as queries of people."""

    run_no: int
    version: int
    time: str
    size: int
    entered: int
    left: int


class SegmentMemberBody(BaseModel):
    """A member by a published id."""

    user_id: str
    person_no: int


class SegmentMembersBody(BaseModel):
    """A page of members who may be analysed now, by number; `total` counts all of them, published or not."""

    items: list[SegmentMemberBody]
    next_cursor: str | None
    total: int | None


class SegmentIsMemberBody(BaseModel):
    """Whether somebody is a member as of the last run."""

    member: bool
    computed_time: str | None


class SegmentTag(BaseModel):
    """A tag that a rule may compare."""

    key: str
    words: WordsBody
    type: TagType
    dimension: WordsBody
    unit: WordsBody | None


class SegmentNamedBody(BaseModel):
    """A value with its words."""

    value: str
    words: WordsBody


class SegmentVocabularyBody(BaseModel):
    """What rules may be made of."""

    tags: list[SegmentTag]
    classes: list[SegmentNamedBody]
    tiers: list[SegmentNamedBody]
    currency: str


class SegmentCountedBody(SegmentNamedBody):
    """A value of a tag, and how many people have it."""

    count: int


ExportFormat = Literal["csv", "parquet"]
