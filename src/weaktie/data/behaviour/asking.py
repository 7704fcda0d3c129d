"""How a request names events: shared by every analysis, so that a filter means the same on each page."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from weaktie.data.behaviour.contracts import Condition, Matcher, Op, Value
from weaktie.kit.web import PlainText

NONE_OPS = {"set", "unset"}
MANY_OPS = {"in", "not_in"}


class PropertyAsk(BaseModel):
    """One test of one property: one value for a comparison, several for `in` and `not_in`, none for `set` and `unset`."""

    model_config = ConfigDict(extra="forbid")

    property: Annotated[PlainText, Field(min_length=1, max_length=100)]
    op: Op
    values: Annotated[list[Value], Field(max_length=100)] = []

    @model_validator(mode="after")
    def _arity(self) -> Self:
        count = len(self.values)
        right = count == 0 if self.op in NONE_OPS else count > 0 if self.op in MANY_OPS else count == 1
        if not right:
            raise ValueError("the number of values does not fit the comparison")
        return self


class EventAsk(BaseModel):
    """Events of one name, or of every name where it is empty, that pass every condition."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[PlainText, Field(max_length=200)] = ""
    where: Annotated[list[PropertyAsk], Field(max_length=8)] = []

    def matcher(self) -> Matcher:
        """The matcher that is asked for."""
        return Matcher(self.event, tuple(Condition(c.property, c.op, tuple(c.values)) for c in self.where))
