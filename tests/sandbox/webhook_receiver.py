"""A receiver of webhooks that records them and may respond."""

import json

from dashboard.sandbox import blocking_webhooks

NUMBER = "+31205550142"
WEBHOOK_URL = "http://here/hook"


class RecordingReceiver:
    """`received` has the webhooks, `response` is the response (None: no response, as from one that hangs)."""

    def __init__(self):
        self.received, self.response = [], None

    def __call__(self, url, headers, body):
        name = headers["X-Webhook-Event"]
        self.received.append((name, url, headers, json.loads(body)["message"], body))
        if name not in blocking_webhooks.TIMEOUTS or self.response is None:
            return None
        response = self.response(self.received[-1][3]) if callable(self.response) else self.response
        return response if isinstance(response, bytes) else json.dumps(response).encode()

    def of(self, name):
        return [webhook for webhook in self.received if webhook[0] == name]


def configure(sandbox, **settings):
    """Change settings of the assistant that answers NUMBER; returns it."""
    number = next(number for number in sandbox.state.numbers.values() if number.phone_number == NUMBER)
    assistant = sandbox.state.assistants[number.agent_id]
    assistant.settings |= settings
    return assistant
