"""What one fault did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """`recovered`: seconds from the end of the fault until the last refusal, or until the last mail was there."""

    fault: str
    sent: str
    lost: int
    doubled: int
    recovered: float
    remark: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.lost or self.doubled)
