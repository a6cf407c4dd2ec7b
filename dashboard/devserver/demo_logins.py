"""The people of the demo; they exist in the sandbox's world only, and real settings refuse its secrets."""

PASSWORD = "patchbay-demo"
PEOPLE = [
    ("admin@patchbay.test", "staff, admin"),
    ("support@patchbay.test", "staff, support"),
    ("auditor@patchbay.test", "auditor, reads everything under /admin/"),
    ("owner@bloom.test", "Bloom Dental, owner"),
    ("operator@bloom.test", "Bloom Dental, operator"),
    ("viewer@bloom.test", "Bloom Dental, viewer"),
    ("owner@harbor.test", "Harbor Logistics, owner"),
    ("owner@noord.test", "Noord Energie, owner"),
    ("owner@alder.test", "Alder & Finch Estate, owner"),
    ("owner@lindo.test", "Casa Lindo, owner"),
    ("owner@veldkamp.test", "Veldkamp Makelaars, owner"),
]


def table() -> str:
    rows = [f"  {email:<24}{what}" for email, what in PEOPLE]
    return "\n".join(["Sign in as", *rows, f"with the password {PASSWORD}"])
