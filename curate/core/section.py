"""What a section of the recipe is."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Base of all sections: unknown keys are errors, values do not change after they are made."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def override(self, **values: Any) -> Self:
        """A copy with the values that are not None replaced and checked, for command line options."""
        changed = {name: value for name, value in values.items() if value is not None}
        return type(self).model_validate(self.model_dump() | changed)

    def recorded(self) -> Self:
        """What of it can change a result: what a manifest is made from."""
        return self
