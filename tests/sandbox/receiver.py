"""A receiver that is asked: the line it is behind, and what it answers."""

import json

from dashboard.sandbox import questions

LINE = "+31205550142"
HOOK = "http://here/hook"


class Asked:
    """A receiver: what it was asked, and what it answers (None: nothing at all, as one that hangs)."""

    def __init__(self):
        self.heard, self.says = [], None

    def __call__(self, url, headers, body):
        name = headers["X-Webhook-Event"]
        self.heard.append((name, url, headers, json.loads(body)["message"], body))
        if name not in questions.PATIENCE or self.says is None:
            return None
        said = self.says(self.heard[-1][3]) if callable(self.says) else self.says
        return said if isinstance(said, bytes) else json.dumps(said).encode()

    def of(self, name):
        return [one for one in self.heard if one[0] == name]


def settle(sandbox, **settings):
    """Give the assistant behind the line these settings; gives it."""
    number = next(one for one in sandbox.world.numbers.values() if one.phone_number == LINE)
    assistant = sandbox.world.assistants[number.agent_id]
    assistant.settings |= settings
    return assistant
