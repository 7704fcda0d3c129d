"""What the routes of the shop's own tags take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from weaktie.data.tags.contracts import BadTagDefinition, Wish
from weaktie.kit.clock import from_datetime
from weaktie.kit.web import PlainText, WordsBody
from weaktie.kit.words import Words

Name = Annotated[str, AfterValidator(str.strip), Field(max_length=40)]
Dimension = Literal["basic", "behaviour", "social", "spending"]
Kind = Literal["sql", "python", "manual"]
DType = Literal["text", "number", "bool"]


class TagNameBody(BaseModel):
    """A name in both languages."""

    zh: Name
    en: Name


class TagDefinitionBody(BaseModel):
    """A definition in both languages."""

    zh: Annotated[PlainText, Field(max_length=500)]
    en: Annotated[PlainText, Field(max_length=500)]


class TagWishBody(BaseModel):
    """A tag as somebody wants it. `dtype` counts for one set by hand; a query says its own."""

    kind: Literal["sql", "manual"]
    words: TagNameBody
    definition: TagDefinitionBody
    dimension: Dimension = "behaviour"
    dtype: DType = "text"
    sql: Annotated[PlainText, Field(max_length=20_000)] = ""
    unit: TagNameBody | None = None
    expires_time: str | None = None

    def wish(self, key: str) -> Wish:
        """The wish; raises BadTagDefinition."""
        unit = Words(self.unit.zh, self.unit.en) if self.unit is not None and self.unit.zh else None
        return Wish(
            key, self.kind, Words(self.words.zh, self.words.en), Words(self.definition.zh, self.definition.en),
            self.dimension, self.dtype, self.sql if self.kind == "sql" else "", unit, moment(self.expires_time),
        )  # fmt: skip


class NewTagBody(TagWishBody):
    """A new tag with its key."""

    key: Annotated[PlainText, Field(max_length=64)]


class TagSqlBody(BaseModel):
    """A query to look at."""

    sql: Annotated[PlainText, Field(max_length=20_000)]


class TagBarBody(BaseModel):
    """One class of a distribution."""

    label: WordsBody
    count: int


class TagSampleBody(BaseModel):
    """One of the people with the value."""

    person_no: int
    user_id: str
    display: WordsBody


class TagPreviewBody(BaseModel):
    """What a query would make: `people` of `crowd` have a value."""

    dtype: DType
    people: int
    crowd: int
    coverage: float
    distribution: list[TagBarBody]
    sample: list[TagSampleBody]
    as_of_day: int


class TagUseBody(BaseModel):
    """Something that is made with a tag."""

    kind: str
    id: str
    name: str


class TagFailureBody(BaseModel):
    """Why the last computation failed."""

    code: str
    message: WordsBody
    place: str


class CustomTagBody(BaseModel):
    """A tag of the shop's own in the catalogue. `lapsed` are marks whose day is over."""

    key: str
    kind: Kind
    words: WordsBody
    definition: WordsBody
    dimension: Dimension
    dtype: DType
    unit: WordsBody | None
    sql: str
    owner: str
    version: int
    live_version: int | None
    expires_time: str | None
    over: bool
    made_time: str
    freshness_time: str | None
    people: int
    coverage: float
    distribution: list[TagBarBody]
    marks: int
    lapsed: int
    error: TagFailureBody | None
    job_id: str | None
    used_by: list[TagUseBody]


class PythonErrorBody(BaseModel):
    """Where a Python file of tags failed at the last build."""

    file: str
    line: int
    message: str
    at_time: str


class CustomTagsBody(BaseModel):
    """The shop's own tags, what failed in Python files, and where these lie."""

    items: list[CustomTagBody]
    python_errors: list[PythonErrorBody]
    python_folder: str
    used_by: dict[str, list[TagUseBody]]


class TagVersionBody(BaseModel):
    """One version of a tag."""

    version: int
    words: WordsBody
    definition: WordsBody
    dtype: DType
    sql: str
    made_by: str
    made_time: str


class TagColumnBody(BaseModel):
    """A column that a query may use."""

    name: str
    type: str


class TagTableBody(BaseModel):
    """A table that a query may use."""

    name: str
    words: WordsBody
    columns: list[TagColumnBody]


class TagMarkBody(BaseModel):
    """A value to set on one person."""

    value: Annotated[PlainText, Field(min_length=1, max_length=100)]
    expires_time: str | None = None


class OwnTagBody(BaseModel):
    """A tag of one person. `set_by` and `expires_time` where it was set by hand or from a file."""

    key: str
    kind: Kind
    words: WordsBody
    definition: WordsBody
    dimension: Dimension
    display: WordsBody
    how: str | None
    set_by: str | None
    expires_time: str | None


class TagUploadedBody(BaseModel):
    """What became of a file: `unknown` ids name nobody who may be analysed, `bad` values do not fit the tag."""

    rows: int
    matched: int
    unknown: int
    bad: int
    match_rate: float
    samples: list[str]


class TagWordBody(BaseModel):
    """A word to forbid."""

    word: Annotated[PlainText, Field(min_length=1, max_length=64)]


class AddedTagWordBody(BaseModel):
    """A word that the workspace forbids."""

    word: str
    added_by: str
    added_time: str


class TagWordListBody(BaseModel):
    """Words of the house for one reason."""

    reason: WordsBody
    words: list[str]


class TagWordsBody(BaseModel):
    """What no tag may be made of."""

    added: list[AddedTagWordBody]
    house: list[TagWordListBody]


def moment(text: str | None) -> int | None:
    """A time as microseconds; raises BadTagDefinition."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is None:
            raise ValueError(text)
        return from_datetime(read)
    except ValueError:
        raise BadTagDefinition("expires_time", Words("时间格式不正确。", "This is no time.")) from None
