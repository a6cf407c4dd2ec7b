"""The audit trail in sentences: a template for each action, filled with the details of the entry."""

from __future__ import annotations

import json
from collections import defaultdict

from tenants import names
from tenants.access.permissions import Role
from tenants.models import AuditEntry

SENTENCES: dict[str, str] = {
    "tenant.opened": "{actor} opened {name} as a client.",
    "tenant.limits-changed": "{actor} set the limits to {at_once} calls at once and {per_day} a day.",
    "tenant.countries-changed": "{actor} changed where calls may go: {allowed}. "
    "Country of numbers without a code: {country}.",
    "tenant.kinds-changed": "{actor} changed which numbers that cost extra may be called: {kinds}.",
    "tenant.transient-calls-allowed": "{actor} let {name} place calls with one-time assistants.",
    "tenant.transient-calls-withdrawn": "{actor} no longer lets {name} place calls with one-time assistants.",
    "tenant.defaults-changed": "{actor} chose {number} and {assistant} as the usual line and assistant.",
    "tenant.settings-changed": "{actor} changed the settings: {what}.",
    "tenant.transfer-targets-changed": "{actor} changed whom calls can be transferred to: {what}.",
    "tenant.actions-changed": "{actor} changed the actions of the live panel: {what}.",
    "tenant.preset-made": "{actor} made the preset {name}: {what}.",
    "tenant.preset-changed": "{actor} changed the preset {name}: {what}.",
    "tenant.preset-deleted": "{actor} deleted the preset {name}.",
    "tenant.draft-saved": "{actor} saved the one-time assistant {name} as version {number}.",
    "tenant.draft-renamed": "{actor} renamed the one-time assistant {before} to {name}.",
    "tenant.draft-deleted": "{actor} deleted the one-time assistant {name}.",
    "tenant.suspended": "{actor} suspended {name}: {why}",
    "tenant.reopened": "{actor} reopened {name}: {why}",
    "tenant.closed": "{actor} closed {name}: {why}",
    "tenant.retention-changed": "{actor} set that personal data of calls is kept {days} days after closing.",
    "tenant.data-removed": "Retention of {name} ended: personal data of {calls:1 call|# calls} and of "
    "{leads:1 person|# people} of campaigns was removed.",
    "tenant.calls-ended": "{actor} asked to end {asked:1 live call|# live calls}, of which "
    "{ringing:1 was|# were} not answered yet.",
    "number.dedicated": "{actor} assigned {number}.",
    "number.named": "{actor} named {number} {name}.",
    "number.released": "{actor} released {number}.",
    "number.withdrawn": "{actor} cancelled the assignment of {number} before it began.",
    "assistant.withdrawn": "{actor} cancelled the assignment of the assistant {assistant} before it began.",
    "assistant.dedicated": "{actor} assigned the assistant {assistant}.",
    "assistant.released": "{actor} released the assistant {assistant}.",
    "person.invited": "{actor} invited {email} as {role}.",
    "person.invitation-withdrawn": "{actor} withdrew the invitation of {email}.",
    "person.joined": "{actor} joined as {role}.",
    "person.role-changed": "{actor} changed the role of {person} from {before} to {role}.",
    "person.transient-calls-given": "{actor} let {person} place calls with one-time assistants.",
    "person.transient-calls-withdrawn": "{actor} no longer lets {person} place calls with one-time assistants.",
    "person.removed": "{actor} removed {person} from the team.",
    "person.renamed": "{before} is now called {name}.",
    "person.email-asked": "{actor} asked to sign in with {email} from now on, from {ip}.",
    "person.email-changed": "{before} signs in with {email} from now on, confirmed from {ip}.",
    "person.mails-chosen": "{actor} chose which mails to get: {mails}.",
    "person.step-added": "{actor} set up {step} for two-factor authentication.",
    "person.step-removed": "{actor} removed {step} from two-factor authentication.",
    "person.step-renewed": "{actor} made new {step}; the old ones no longer work.",
    "person.steps-reset": "Two-factor authentication of {email} was reset by command: {why}",
    "person.signed-in": "{actor} signed in with {browser} from {ip}, {device} browser.",
    "person.sign-in-failed": "A sign-in as {email} failed, {what}: {browser} from {ip}.",
    "person.sign-in-unknown": "A sign-in from {ip} failed: no account has that address. Recorded once an hour.",
    "person.locked-out": "Sign-in as {email} is locked for five minutes after five failures, the last from {ip}.",
    "person.reset-asked": "A link to set a new password was sent to {email}, requested from {ip}.",
    "person.password-reset": "{actor} set a new password with a link from a mail, from {ip}.",
    "person.password-changed": "{actor} changed the password, from {ip}.",
    "person.sessions-ended": "{actor} signed out of {sessions:another browser|# other browsers}.",
    "mail.tried-again": "{actor} sent the mail “{title}” to {to} again.",
    "staff.invited": "{actor} invited {person} ({email}) to the staff as {role}.",
    "staff.changed": "{actor} changed the role of {person} from {before} to {after}.",
    "staff.removed": "{actor} removed {person} from the staff.",
    "staff.first-admin": "{name} became the first staff admin, {email}.",
    "shell.opened": "{login} opened {command} on a server of Patchbay, with the rows of {rows}.",
    "visit.began": "{actor} entered as staff.",
    "visit.reason-given": "{actor} gave a new reason for entering.",
    "visit.ended": "{actor} left.",
    "visit.lapsed": "The visit of {visitor} was ended by Patchbay.",
    "support.pass-given": "{actor} gave support access for {time}.",
    "support.pass-withdrawn": "{actor} ended support access.",
    "support.let-in": "{actor} let {person} of support see and enter this client.",
    "support.kept-out": "{actor} ended the access of {person} of support.",
    "calls.exported": "{actor} exported calls as {file}.",
    "calls.words-seen": "{actor} saw the last sentences of live calls on the live board.",
    "campaign.draft-made": "{actor} began to make a campaign.",
    "campaign.draft-copied": "{actor} began to make the campaign {name} as a copy of {source}.",
    "campaign.retried": "{actor} began to make the campaign {name} with {people:1 person|# people} of {source}.",
    "campaign.draft-changed": "{actor} changed the campaign draft {name}: {what}.",
    "campaign.draft-deleted": "{actor} deleted the campaign draft {name} with {people:1 person|# people}.",
    "campaign.draft-expired": "The campaign draft {name} with {people:1 person|# people} was removed: "
    "nobody has changed it for {days} days.",
    "campaign.person-forbidden": "{counterpart} must not be called any more: VoiceDock is asked to take them off "
    "the campaign {name}.",
    "campaign.person-removed": "{counterpart} was taken off the campaign {name}.",
    "campaign.left-out-exported": "{actor} exported who is left out of the campaign draft {name} as {file}.",
    "campaign.number-added": "{actor} put {counterpart} on the do-not-call list of the campaign {name}.",
    "campaign.numbers-added": "{actor} put {numbers} numbers on the do-not-call list of the campaign {name}.",
    "campaign.number-removed": "{actor} took {counterpart} off the do-not-call list of the campaign {name}: {why}",
    "campaign.numbers-exported": "{actor} exported the do-not-call list of the campaign {name} as {file}.",
    "campaign.attested": "{actor} exported the caller IDs of the calls of the campaign {name} as {file}.",
    "campaign.report-shared": "{actor} made a link to the report of the campaign {name} that works for "
    "at most {days:1 day|# days}.",
    "campaign.report-opened": "Somebody opened the report of the campaign {name} by a link of {maker}.",
    "campaign.report-revoked": "{actor} took back a link to the report of the campaign {name}.",
    "campaign.exported": "{actor} exported the people of the campaign {name} as {file}.",
    "caller-id.exported": "{actor} exported the caller-ID report as {file}, {period}.",
    "list.exported": "{actor} exported {what} from the audit console as {file}, {rows:1 row|# rows}.",
    "evidence.exported": "{actor} exported the evidence of {period} as an archive, with the hash {sha256}.",
    "transcript.read": "{actor} read a transcript in the audit console.",
    "calls.summaries-read": "{actor} read what calls were about.",
    "call.changes-read": "{actor} read what the call with {counterpart} changed of its assistant.",
    "call.transcript-read": "{actor} read the transcript of the call with {counterpart}.",
    "call.recording-opened": "{actor} opened the recording of the call with {counterpart}.",
    "connection.added": "{actor} connected {name}, the VoiceDock organization {organization}.",
    "connection.key-replaced": "{actor} replaced the API key of {name}.",
    "connection.secret-changed": "{actor} changed the webhook secret of {name}; the one before it is still accepted.",
    "connection.secret-retired": "The webhook secret before the last one of {name} is no longer accepted.",
    "organization.asked": "{actor} asked VoiceDock to create the organization {name} below {parent}.",
    "organization.created": "VoiceDock created the organization {name} below {parent}; its API key is encrypted.",
    "organization.refused": "VoiceDock did not create the organization {name}: {why}",
    "organization.unknown": "It is not certain whether the organization {name} was created: {why}",
    "organization.dismissed": "{actor} dismissed the question about the organization {name}.",
    "tenant.connection-changed": "{actor} made {connection} the connection of {name}.",
    "connection.webhooks-asked": "{actor} asked VoiceDock to set up webhooks for "
    "{assistants:1 assistant|# assistants} of {name}.",
    "connection.webhooks-given-up": "Setting up webhooks of {name} was interrupted: VoiceDock may have done it.",
    "connection.webhooks-set-up": "{actor} set up webhooks for {assistants:1 assistant|# assistants} of {name}.",
    "call.rule-overridden": "{actor} had {counterpart} called all the same ({rule}): {why}",
    "call.asked": "{actor} asked for a call to {counterpart} from {line}, with {assistant}.",
    "call.planned": "{actor} planned a call to {counterpart} for {time} from {line}, with {assistant}.",
    "call.plan-rule-overridden": "{actor} had the call to {counterpart} that is planned for {time} placed all the same "
    "({rule}): {why}",
    "call.plan-changed": "{actor} changed the call to {counterpart} that is planned for {time}: {what}.",
    "call.plan-cancelled": "{actor} cancelled the call to {counterpart} that was planned for {time}.",
    "call.plan-placed": "The call to {counterpart} that {person} planned for {time} was placed.",
    "call.plan-missed": "The call to {counterpart} planned for {time} was not placed and waits for a person: {why}",
    "call.plan-refused": "The call to {counterpart} planned for {time} was not placed: {why}",
    "call.planned-changes-read": "{actor} read what the planned call to {counterpart} changes of its assistant.",
    "call.destination-refused": "{actor} asked for {what} to {counterpart}, where calls may not go: {why}",
    "contact-rules.country-changed": "{actor} changed the calling hours of {country} for all clients: {what}. Written "
    "in {source}, read on {read_on}.",
    "contact-rules.country-reset": "{actor} put the calling hours of {country} back, for all clients: {what}.",
    "do-not-call.added": "{actor} put {counterpart} on the do-not-call list.",
    "do-not-call.added-list": "{actor} put {numbers} numbers on the do-not-call list.",
    "do-not-call.added-for-all": "{actor} put a number on the do-not-call list of all clients.",
    "do-not-call.added-list-for-all": "{actor} put {numbers} numbers on the do-not-call list of all clients.",
    "do-not-call.removed-for-all": "{actor} took the number with the fingerprint {fingerprint} off the do-not-call "
    "list of all clients: {why}",
    "do-not-call.heard": "{counterpart} asked in a call not to be called, and is on the do-not-call list.",
    "do-not-call.removed": "{actor} took {counterpart} off the do-not-call list: {why}",
    "contact-rules.changed": "{actor} changed what calls are held to: {what}.",
    "do-not-call.exported": "{actor} exported the do-not-call list as {file}.",
    "call.placed": "VoiceDock accepted the call to {counterpart}.",
    "call.requeued": "The call to {counterpart} was not sent and waits: {why}",
    "call.refused": "The call to {counterpart} was refused: {why}",
    "call.taken-back": "{actor} took back the call to {counterpart} before it was sent.",
    "call.unknown": "It is not certain whether the call to {counterpart} was placed: {why}",
    "call.found": "The call to {counterpart} was found at VoiceDock.",
    "call.lost": "VoiceDock does not know the call with {counterpart} any more; a person has to decide.",
    "call.lost-settled": "{actor} decided that the call with {counterpart}, lost at VoiceDock, is over.",
    "call.reappeared": "The call with {counterpart}, lost at VoiceDock before, is there again.",
    "call.needs-person": "The call to {counterpart} was not found at VoiceDock; a person has to decide.",
    "call.let-go": "{actor} decided that the call to {counterpart} was not placed.",
    "call.called-back": "{actor} marked the call-back that {counterpart} asked for as done.",
    "call.call-back-reopened": "{actor} marked the call-back that {counterpart} asked for as not done.",
    "call.looked-again": "{actor} asked to look for the call to {counterpart} again.",
    "call.made-way": "The call with {counterpart} was listed twice; the one placed here is kept.",
    "call.id-repeated": "VoiceDock accepted the call to {counterpart} and answered with the id of another call.",
    "call.wrong-number": "VoiceDock reported that the call with {counterpart} left from {reported} instead of {meant}. "
    "Dialing stops.",
    "call.reported-again": "VoiceDock reported {reported} as the number of the call with {counterpart}, "
    "after another one.",
    "call.wrong-assistant": "VoiceDock reported that the call with {counterpart} was made with {reported}, an "
    "assistant that was not meant or is not assigned to this client. Dialing stops.",
    "call.wrong-number-cleared": "{actor} cleared the alarm of the call with {counterpart}: {why}",
    "call.end-not-confirmed": "The call with {counterpart} was asked to end, and we have not heard that it ended.",
    "call.end-asked-too": "{actor} asked to end the call with {counterpart} too, which {before} had asked for before: "
    "one command is sent.",
    "call.command-asked": "{actor} asked VoiceDock for {command} in the call with {counterpart}.",
    "call.command-not-sent": "{actor} asked for {command} in the call with {counterpart}; it was not sent: {why}",
    "call.command-accepted": "VoiceDock accepted {command}, asked for by {actor} in the call with {counterpart}.",
    "call.command-refused": "{command}, asked for by {actor} in the call with {counterpart}, was not done: {why}",
    "call.command-unknown": "VoiceDock did not answer to {command}, asked for by {actor} in the call with "
    "{counterpart}.",
    "call.command-given-up": "It is not known whether {command} reached the call with {counterpart}.",
    "call.steering-started": "{actor} began to steer the call with {counterpart}.",
    "call.steering-stopped": "{actor} stopped steering the call with {counterpart}.",
    "call.steering-taken": "{actor} took over the call with {counterpart} from {before}, to steer it.",
    "call.transfer-not-confirmed": "The call with {counterpart} was not transferred half a minute after it was asked.",
    "webhook.replayed": "{actor} retried {reports:1 webhook|# webhooks} of {connection} that had failed.",
    "webhook.foreign-call": "A webhook of {connection} was about a call of another connection; it was not applied.",
    "campaign.sending-begun": "{actor} began to send the campaign {name} with {count} people to VoiceDock.",
    "campaign.sending-stopped": "{actor} stopped sending the campaign {name}.",
    "campaign.sending-resumed": "{actor} went on sending the campaign {name}.",
    "campaign.sending-failed": "Sending the campaign {name} stopped: {why}",
    "campaign.made": "VoiceDock made the campaign {name}, with {count} people at once.",
    "campaign.sent": "The campaign {name} was sent with {count} people; VoiceDock lists {listed}. {why}",
    "campaign.refused-rows-exported": "{actor} exported the rows to correct of the campaign {name} as {file}.",
    "campaign.file-given": "{actor} gave the file {file} with {rows:1 row|# rows} to the draft of the campaign {name}.",
    "campaign.file-read": "{actor} read {rows:1 row|# rows} of {file} for the campaign {name}: {ready} to be called, "
    "{not_read} not read, {duplicates} twice in the file.",
    "campaign.rows-corrected": "{actor} corrected the number of {count:1 row|# rows} of {file} for the campaign "
    "{name}.",
    "campaign.start-planned": "{actor} had the campaign {name} start on {day}.",
    "campaign.start-unplanned": "{actor} had the campaign {name} not start on its next day.",
    "campaign.days-over": "Patchbay does not start the campaign {name} any more. {why}",
    "campaign.start-asked": "{actor} asked VoiceDock to start the campaign {name}.",
    "campaign.start-given-up": "We were interrupted while starting the campaign {name}: VoiceDock may have done it.",
    "campaign.start-accepted": "{actor} started the campaign {name}.",
    "campaign.start-refused": "{actor} asked to start the campaign {name}; VoiceDock refused.",
    "campaign.start-unknown": "{actor} asked to start the campaign {name}; VoiceDock did not answer.",
    "campaign.resume-asked": "{actor} asked VoiceDock to resume the campaign {name}.",
    "campaign.resume-given-up": "We were interrupted while resuming the campaign {name}: VoiceDock may have done it.",
    "campaign.resume-accepted": "{actor} resumed the campaign {name}.",
    "campaign.resume-refused": "{actor} asked to resume the campaign {name}; VoiceDock refused.",
    "campaign.resume-unknown": "{actor} asked to resume the campaign {name}; VoiceDock did not answer.",
    "campaign.pause-asked": "{actor} asked VoiceDock to pause the campaign {name}.",
    "campaign.pause-given-up": "We were interrupted while pausing the campaign {name}: VoiceDock may have done it.",
    "campaign.pause-accepted": "{actor} paused the campaign {name}.",
    "campaign.pause-refused": "{actor} asked to pause the campaign {name}; VoiceDock refused.",
    "campaign.pause-unknown": "{actor} asked to pause the campaign {name}; VoiceDock did not answer.",
    "campaign.pause-required": "Patchbay stops the campaign {name}, because {why}.",
    "campaign.pause-seen": "VoiceDock does not show the campaign {name} as started any more.",
    "campaign.foreign-call": "The campaign {name} made a call for another client or with another assistant.",
    "campaign.risk-confirmed": "{actor} confirmed that {name} calls from an organization with {count} numbers of "
    "other clients.",
    "campaign.cancel-asked": "{actor} asked VoiceDock to cancel the campaign {name}.",
    "campaign.cancel-given-up": "We were interrupted while cancelling the campaign {name}: VoiceDock may have done it.",
    "campaign.cancel-accepted": "{actor} cancelled the campaign {name}.",
    "campaign.cancel-refused": "{actor} asked to cancel the campaign {name}; VoiceDock refused.",
    "campaign.cancel-unknown": "{actor} asked to cancel the campaign {name}; VoiceDock did not answer.",
}


ROLE_ACTIONS = ("person.invited", "person.joined", "person.role-changed")
MEANT_UNKNOWN = (
    "VoiceDock reported that a call with {counterpart}, not placed here, left from {reported}, which was not assigned "
    "to this client. Dialing stops."
)


class Counted(str):
    """A detail whose place in a sentence has a form for one and a form for others: `{rows:1 row|# rows}`."""

    def __format__(self, forms: str) -> str:
        one, _, others = forms.partition("|")
        return (one if self == "1" else others.replace("#", self)) if forms else str(self)


def _is_known(details: dict[str, object]) -> bool:
    """Whether the intended number is known; entries of version 0.1 repeat the reported one instead."""
    return bool(details.get("meant")) and details["meant"] != details.get("reported")


def sentence(entry: AuditEntry) -> str:
    """The sentence of one entry; an action without a template is shown by its name."""
    details = json.loads(entry.body)["details"]
    values: dict[str, object] = defaultdict(lambda: Counted("something"))
    values |= {key: _shown(value) for key, value in (details | _roles(entry.action, details)).items()}
    values["actor"] = _shown(entry.actor)
    if entry.action == "call.wrong-number" and not _is_known(details):
        return MEANT_UNKNOWN.format_map(values)
    pattern = SENTENCES.get(entry.action, "{actor}: " + entry.action.replace(".", " ").replace("-", " ") + ".")
    return pattern.format_map(values) + _changes(details) + _consent(details)


def _roles(action: str, details: dict[str, object]) -> dict[str, str]:
    """The roles among the details as the screens call them; entries hold their values."""
    held = {key: str(details.get(key)) for key in ("role", "before")} if action.startswith(ROLE_ACTIONS) else {}
    return {key: Role(value).label.lower() for key, value in held.items() if value in Role.values}


def _shown(value: object) -> object:
    if isinstance(value, int):
        return Counted(value)
    return names.isolate(value) if isinstance(value, str) else value


def _changes(details: dict[str, object]) -> str:
    """With which preset a call was made, and what it changes of its saved assistant, without the contents."""
    changes = details.get("changes")
    preset = details.get("preset")
    made = f" Made with the preset {_shown(preset)}." if preset else ""
    return made + (f" For this call: {changes}." if changes else "")


def _consent(details: dict[str, object]) -> str:
    """Marks an action of a reseller's admin in a client that had not consented to support access."""
    reason = details.get("without_consent")
    return f" Without the client’s consent, because: {reason}" if reason else ""
