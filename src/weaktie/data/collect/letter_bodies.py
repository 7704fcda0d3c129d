"""The shapes of dead letters and of the rules that mend them, as HTTP speaks of them."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from weaktie.data.collect.letters import LetterFilter
from weaktie.data.collect.mending import MOST_STEPS, Step, checked
from weaktie.kit.clock import from_datetime
from weaktie.kit.web import PlainText, WordsBody


class DeadLetterBody(BaseModel):
    """One event that could not be stored; it can be mended while it is open and its sample is whole."""

    id: int
    received_time: str
    source: str
    protocol: str
    code: str
    message: WordsBody
    place: str
    sample: str | None
    event: str | None
    state: Literal["open", "mended", "discarded"]
    outcome: str | None
    mendable: bool


class DeadLettersBody(BaseModel):
    """A page of dead letters, the newest first."""

    items: list[DeadLetterBody]
    next_cursor: str | None
    total: int | None


class DeadLetterCountBody(BaseModel):
    """How many dead letters have one reason: open ones, and all that ever had it."""

    code: str
    message: WordsBody
    count: int
    total: int
    first_time: str
    last_time: str
    sources: list[str]


class LettersWanted(BaseModel):
    """Which dead letters; what is left out is not asked."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[PlainText, Field(max_length=64)] | None = None
    source: Annotated[PlainText, Field(max_length=64)] | None = None
    protocol: Annotated[PlainText, Field(max_length=16)] | None = None
    event: Annotated[PlainText, Field(max_length=255)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def letters(self, state: str | None) -> LetterFilter:
        """The filter for letters in a state."""
        since, until = (None if at is None else from_datetime(at) for at in (self.since, self.until))
        return LetterFilter(self.code, self.source, self.protocol, self.event, since, until, state)


class StepBody(BaseModel):
    """One step of a rule: what it does to the field at `path` (dotted, `*` for each item of a list)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "set", "rename", "remove", "to_number", "to_text", "parse_time", "cut", "null_numbers", "clean_text"
    ]
    path: Annotated[PlainText, Field(max_length=200)] = ""
    to: Annotated[PlainText, Field(max_length=200)] = ""
    value: str | int | float | bool | None = None
    format: Annotated[PlainText, Field(max_length=64)] = ""
    length: int = 0


class RuleBody(BaseModel):
    """A rule: which letters, and the steps that mend them."""

    model_config = ConfigDict(extra="forbid")

    wanted: LettersWanted = LettersWanted()
    steps: Annotated[list[StepBody], Field(max_length=MOST_STEPS)] = []

    def checked(self) -> tuple[Step, ...]:
        """The steps; raises BadRule."""
        return checked([Step(**step.model_dump()) for step in self.steps])


class MendedBody(BaseModel):
    """What a rule would make of one letter; `code` is the reason that remains, null where it would be stored."""

    id: int
    before: str
    after: str
    event: str | None
    code: str | None
    message: WordsBody | None
    place: str


class MendPreviewBody(BaseModel):
    """How many open letters the rule is for, and what it would make of the first."""

    matching: int
    items: list[MendedBody]


class MendJobBody(BaseModel):
    """The job that mends."""

    job_id: str


class DiscardBody(BaseModel):
    """Letters to put aside, and why."""

    model_config = ConfigDict(extra="forbid")

    wanted: LettersWanted
    reason: Annotated[PlainText, Field(max_length=64)]


class TouchedBody(BaseModel):
    """How many letters were touched."""

    count: int
