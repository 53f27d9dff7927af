"""What happens to a promotion, and how it goes on."""
import time
from dataclasses import dataclass, field
from typing import Optional

import relay

USUAL = {"run": 3, "approve": 0, "resume": 0}  # how each command of an undisturbed promotion ends
MOST_TRIES = 3
VARIES = 4  # so many messages a promotion may have less than another one


@dataclass
class Blow:
    """What happens: to which command, and where."""
    name: str
    command: str
    ends: tuple  # the exit statuses that it may have
    variables: dict = field(default_factory=dict)  # of disturb.so
    hook: str = ""  # "e2e:begin engine": what it does at this place of this hook, see there
    through: str = ""  # the environment that is reached through the relay
    fault: Optional[relay.Fault] = None


class Course:
    """The commands of one promotion: one of them is dealt a blow, the others are what a person would do then."""

    def __init__(self, lane, row, blow):
        self.lane, self.row, self.blow = lane, row, blow
        self.wrong, self.said = [], []
        self.struck, self.alone, self.works_again = False, False, False
        self.n_after = 0  # commands after the blow that failed

    def go(self, name):
        """One command; gives the next one, None where it is done."""
        strikes = name == self.blow.command and not self.struck
        self.wrong += self.lane.touched() if name == "approve" else []
        began = time.monotonic()
        rc, said = self.lane.command(name, self.blow if strikes else None)
        self.said.append(f"{name} ends with {rc}\n{said}")
        if strikes:
            self.take_blow(name, rc)
        elif not self.struck:
            self.wrong += [] if rc == USUAL[name] else [f"undisturbed, {name} ends with {rc}"]
        elif not self.works_again:
            self.take_recovery(name, rc, time.monotonic() - began)
        return self.next(name, rc)

    def take_blow(self, name, rc):
        self.struck, self.alone = True, rc == USUAL[name]
        self.row.alone += self.alone
        self.wrong += [] if rc in self.blow.ends else [f"{name} ends with {rc}"]
        fault = self.blow.fault
        if fault and not fault.happened.is_set() and fault.seen + VARIES < fault.at:
            self.wrong.append(f"it did not come so far: {self.blow.fault.seen} messages")
        self.wrong += self.lane.look()

    def take_recovery(self, name, rc, took):
        if rc in (0, 3):
            self.works_again = True
            self.row.recovery.append(took)
            self.row.first += not self.alone and self.n_after == 0
            self.row.second += not self.alone and self.n_after > 0
        elif rc == 64 and self.lane.is_over():
            self.row.alone += 1
        elif name == "run" or self.lane.run_of():  # else there is nothing to resume yet
            self.n_after += 1

    def next(self, name, rc):
        if name == "approve":
            return "resume"
        if rc == 0 or (rc == 64 and self.lane.is_over()):
            return None
        if rc == 3:
            return "approve"
        return "run" if rc == 64 and not self.lane.run_of() else "resume"
