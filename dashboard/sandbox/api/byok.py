"""Own keys at other providers (voicedock-api.md §9.7): stored in a vault, returned as ids, never as values.

The settings of a provider are sent as `config`, merged into what is there, and answered directly under the provider's
name (§17 1). The sandbox's own choice: a null removes a setting; settings without a key are a 400, deleting a
missing key is a 404.
"""

from typing import Any

from .. import random_source
from ..errors import invalid, missing, not_found
from ..http_messages import Response
from ..records import Vault
from . import validation
from .context import Context, Routes

PROVIDERS = (
    "deepgram", "openai", "elevenlabs", "inworld", "resend", "xai", "gladia", "mistral", "google", "google_vertex",
)  # fmt: skip


def listed(ctx: Context) -> Response:
    return Response(body=_keys(_vault(ctx)))


def store(ctx: Context) -> Response:
    body = validation.known(ctx, ctx.request.json(), ("provider", "api_key"))
    provider = _provider(body)
    if not body.get("api_key"):
        raise missing("api_key")
    if not isinstance(body["api_key"], str | dict):
        raise invalid("api_key", "must be a string, or an object for a service account")
    vault = _vault(ctx)
    vault.secrets[provider] = random_source.uuid_for(ctx.state.seed, "secret", ctx.state.next_serial())
    ctx.state.vaults[vault.id] = vault
    return Response(201, {"success": True} | _keys(vault))


def configure(ctx: Context) -> Response:
    body = validation.known(ctx, ctx.request.json(), ("provider", "config"))
    provider, vault = _provider(body), _vault(ctx)
    validation.required(body, ("config",))
    if provider not in vault.secrets:
        raise invalid("provider", "has no stored key yet")
    settings = vault.config.get(provider, {}) | validation.mapping(body, "config")
    vault.config[provider] = {name: value for name, value in settings.items() if value is not None}
    return Response(body={"success": True, "byok_config": vault.config})


def delete(ctx: Context) -> Response:
    """The provider is in the body (§9.7)."""
    vault, provider = _vault(ctx), _provider(validation.known(ctx, ctx.request.json(), ("provider",)))
    if provider not in vault.secrets:
        raise not_found("Key", "provider")
    del vault.secrets[provider]
    vault.config.pop(provider, None)
    response = ctx.deleted()
    return response if response.status == 204 else Response(body={"success": True} | _keys(vault))


def _vault(ctx: Context) -> Vault:
    return ctx.state.vaults.get(ctx.org.id) or Vault(ctx.org.id)


def _provider(body: dict[str, Any]) -> str:
    provider = validation.text(body, "provider", required=True) or ""
    validation.one_of(body, "provider", PROVIDERS)
    return provider


def _keys(vault: Vault) -> dict[str, Any]:
    return {"byok_keys": {f"{provider}_secret_id": vault.secrets.get(provider) for provider in PROVIDERS}}


ROUTES: Routes = [
    ("GET", "/byok", listed),
    ("POST", "/byok", store),
    ("DELETE", "/byok", delete),
    ("POST", "/byok/config", configure),
]
