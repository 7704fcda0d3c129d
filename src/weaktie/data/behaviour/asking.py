"""How a request names events: shared by analyses, so that a filter means the same on each page."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.behaviour.contracts import Condition, Matcher, Op, Value
from weaktie.kit.web import PlainText


class PropertyAsk(BaseModel):
    """One test of one property: one value for a comparison, several for `in` and `not_in`, none for `set` and `unset`."""

    model_config = ConfigDict(extra="forbid")

    property: Annotated[PlainText, Field(min_length=1, max_length=255)]
    op: Op
    values: Annotated[list[Value], Field(max_length=200)] = []


class EventAsk(BaseModel):
    """Events of one name, or of every name where it is empty, that pass every condition."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[PlainText, Field(max_length=255)] = ""
    where: Annotated[list[PropertyAsk], Field(max_length=10)] = []

    def matcher(self) -> Matcher:
        """The matcher that is asked for; what its conditions mean is found out when events are read."""
        return Matcher(self.event, tuple(Condition(c.property, c.op, tuple(c.values)) for c in self.where))
