"""Own keys at other providers (voicedock-api.md §9.7): kept in a vault, told as ids, never as values.

The settings of a provider are sent as `config`, merged into what is there, and answered directly under the provider's
name (§17 1). The sandbox's own choice: a null takes a setting away; settings without a key are a 400, deleting a
missing key is a 404.
"""

from .. import chance
from ..errors import absent, invalid, missing
from ..exchange import Answer
from ..records import Vault
from . import validation
from .context import Context, Routes

PROVIDERS = (
    "deepgram", "openai", "elevenlabs", "inworld", "resend", "xai", "gladia", "mistral", "google", "google_vertex",
)  # fmt: skip


def listed(ctx: Context) -> Answer:
    return Answer(body=_keys(_vault(ctx)))


def keep(ctx: Context) -> Answer:
    body = validation.known(ctx, ctx.request.json(), ("provider", "api_key"))
    provider = _provider(body)
    if not body.get("api_key"):
        raise missing("api_key")
    if not isinstance(body["api_key"], str | dict):
        raise invalid("api_key", "must be a string, or an object for a service account")
    vault = _vault(ctx)
    vault.secrets[provider] = chance.uuid_of(ctx.world.seed, "secret", ctx.world.next_serial())
    ctx.world.vaults[vault.id] = vault
    return Answer(201, {"success": True} | _keys(vault))


def configure(ctx: Context) -> Answer:
    body = validation.known(ctx, ctx.request.json(), ("provider", "config"))
    provider, vault = _provider(body), _vault(ctx)
    validation.needed(body, ("config",))
    if provider not in vault.secrets:
        raise invalid("provider", "has no stored key yet")
    settings = vault.config.get(provider, {}) | validation.mapping(body, "config")
    vault.config[provider] = {name: value for name, value in settings.items() if value is not None}
    return Answer(body={"success": True, "byok_config": vault.config})


def forget(ctx: Context) -> Answer:
    """The provider stands in a body (§9.7)."""
    vault, provider = _vault(ctx), _provider(validation.known(ctx, ctx.request.json(), ("provider",)))
    if provider not in vault.secrets:
        raise absent("Key", "provider")
    del vault.secrets[provider]
    vault.config.pop(provider, None)
    answer = ctx.deleted()
    return answer if answer.status == 204 else Answer(body={"success": True} | _keys(vault))


def _vault(ctx: Context) -> Vault:
    return ctx.world.vaults.get(ctx.org.id) or Vault(ctx.org.id)


def _provider(body: dict) -> str:
    provider = validation.text(body, "provider", required=True) or ""
    validation.one_of(body, "provider", PROVIDERS)
    return provider


def _keys(vault: Vault) -> dict:
    return {"byok_keys": {f"{provider}_secret_id": vault.secrets.get(provider) for provider in PROVIDERS}}


ROUTES: Routes = [
    ("GET", "/byok", listed),
    ("POST", "/byok", keep),
    ("DELETE", "/byok", forget),
    ("POST", "/byok/config", configure),
]
