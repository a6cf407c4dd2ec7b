"""Settings, read from the environment; `manage.py up` fills it for a demo, production fills it itself."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from dashboard import database_url, development, logs
from tenants import time_zones

BASE_DIR = Path(__file__).resolve().parent.parent
DEMO = os.environ.get("PATCHBAY_DEMO") == "1"
DEVELOPMENT = DEBUG = development.is_on(os.environ)
PROCESS = os.environ.get("PATCHBAY_PROCESS", "")  # web, worker, beat; "" for a command


_defaults = development.defaults() if DEVELOPMENT else {}


def _need(name: str) -> str:
    if value := os.environ.get(name) or _defaults.get(name):
        return value
    raise ImproperlyConfigured(f"{name} is not set. `python3 manage.py up` sets it for a demo; see README.md.")


SECRET_KEY = _need("PATCHBAY_SECRET_KEY")
FIELD_KEYS = [key for key in _need("PATCHBAY_FIELD_KEYS").split(",") if key]
AUDIT_KEY = os.environ.get("PATCHBAY_AUDIT_KEY", "")  # signs the heads of the audit chains: base64 of 32 bytes
AUDIT_PUBLIC_KEYS = [key for key in os.environ.get("PATCHBAY_AUDIT_PUBLIC_KEYS", "").split(",") if key]
AUDIT_HEADS = os.environ.get("PATCHBAY_AUDIT_HEADS", str(BASE_DIR / ".patchbay" / "audit"))
AUDIT_MAIL = [address for address in os.environ.get("PATCHBAY_AUDIT_MAIL", "").split(",") if address]
PUBLIC_URL = os.environ.get("PATCHBAY_URL", "http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = [
    host for host in os.environ.get("PATCHBAY_HOSTS", urlsplit(PUBLIC_URL).hostname or "").split(",") if host
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE = PUBLIC_URL.startswith("https://")
if not DEMO and ("demo" in SECRET_KEY.lower() or len(SECRET_KEY) < 40):
    raise ImproperlyConfigured("PATCHBAY_SECRET_KEY is a demo secret or too short: make one of 50 random characters.")
if DEVELOPMENT and not development.is_on_this_machine(PUBLIC_URL):
    raise ImproperlyConfigured(
        "PATCHBAY_DEVELOPMENT shows code and values on error pages: it is for an address on this machine alone, "
        "such as http://localhost:8000, not for PATCHBAY_URL as it is set."
    )
if not (DEMO or DEVELOPMENT or SECURE):
    raise ImproperlyConfigured("PATCHBAY_URL must begin with https:// outside of the demo.")

SECURITY_CONTACT = os.environ.get("PATCHBAY_SECURITY_CONTACT", "mailto:security@patchbay.test" if DEMO else "")
if SECURITY_CONTACT and ":" not in SECURITY_CONTACT:
    SECURITY_CONTACT = f"mailto:{SECURITY_CONTACT}"
RETENTION_DAYS = max(0, int(os.environ.get("PATCHBAY_RETENTION_DAYS", "365")))  # of clients about which nothing is said
RESELLER_NAME = os.environ.get("PATCHBAY_RESELLER", "Kabelhuis" if DEMO else "Patchbay")
VOICEDOCK_API_URL = os.environ.get("VOICEDOCK_API_URL", "https://api.hmsovereign.com/api/v1").rstrip("/")
SANDBOX_URL = os.environ.get("PATCHBAY_SANDBOX_URL", "").rstrip("/")
if not DEMO and SANDBOX_URL:
    raise ImproperlyConfigured("PATCHBAY_SANDBOX_URL belongs to the demo: outside of it calls ring real phones.")

INSTALLED_APPS = [
    "tenants",
    "dashboard.ui",
    "dashboard.overview",
    "dashboard.rate_limits",
    "dashboard.sync",
    "dashboard.connections",
    "dashboard.inventory",
    "dashboard.calls",
    "dashboard.campaigns",
    "dashboard.clients",
    "dashboard.auditing",
    "dashboard.webhooks",
    "dashboard.live_updates",
    "dashboard.csp_reports",
    "dashboard.notifications",
    "dashboard.contact_rules",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # it pads answers by a random length; CSRF tokens differ in each
    "dashboard.access_log.AccessLog",
    "csp.middleware.CSPMiddleware",
    "tenants.middleware.StripNulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.access.form_recovery.FormRecoveryMiddleware",
    "tenants.accounts.sessions.SessionActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dashboard.web.method_not_allowed.MethodNotAllowedMiddleware",
    "dashboard.web.sign_in_limits.SignInLimitsMiddleware",
    "tenants.middleware.NoStoreMiddleware",
]

ROOT_URLCONF = "dashboard.urls"
WSGI_APPLICATION = "dashboard.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "dashboard.overview.context_processors.layout",
            ],
            "builtins": [
                "django.templatetags.static",
                "dashboard.ui.templatetags.ui",
                "dashboard.calls.templatetags.calls",
            ],
        },
    }
]

_owner = database_url.read(os.environ.get("DATABASE_OWNER_URL", "postgresql:///"), "DATABASE_OWNER_URL")
OWNER = {key: _owner[key] for key in ("USER", "PASSWORD")}
WEB_CONNECTIONS = 28  # of one web process; its pools of threads need as many (dashboard/web/thread_pools.py)
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        **database_url.read(_need("DATABASE_URL"), "DATABASE_URL"),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
        "DISABLE_SERVER_SIDE_CURSORS": False,
    }
}
if PROCESS == "web":  # threads share a pool; workers and commands keep one connection each
    pool = {"min_size": 2, "max_size": WEB_CONNECTIONS, "timeout": 10}
    DATABASES["default"] |= {"CONN_MAX_AGE": 0}
    DATABASES["default"]["OPTIONS"] |= {"pool": pool}
if AUDITOR_URL := os.environ.get(
    "DATABASE_AUDITOR_URL"
):  # of the web alone: `tenants.isolation.scope.for_auditor` uses it
    DATABASES["auditor"] = {**DATABASES["default"], **database_url.read(AUDITOR_URL, "DATABASE_AUDITOR_URL")}
    if PROCESS == "web":  # few people read there: none is kept open for them
        DATABASES["auditor"]["OPTIONS"] |= {"pool": {"min_size": 0, "max_size": 4, "timeout": 10}}
DATABASE_ROUTERS = ["tenants.isolation.database_router.ScopeRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
RAISE_UNSCOPED = os.environ.get("PATCHBAY_RAISE_UNSCOPED") == "1"

# `dashboard/web/request_kinds.py` bounds what a request may send, 256 KB for all but files. Files stay in memory: they
# hold people's numbers, and no copy of them is to be left in a folder for temporary files.
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 26 * 1024 * 1024  # bytes

CACHES = {
    "default": {"BACKEND": "dashboard.web.cache.OptionalCache", "LOCATION": os.environ["CACHE_URL"]}
    if os.environ.get("CACHE_URL")
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
CELERY_BROKER_URL = os.environ.get("CELERY_BROKER_URL", "memory://")
if os.environ.get("PATCHBAY_PROCESS") == "web":  # a request does not wait for a broker; workers listen to it at length
    CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 1, "socket_connect_timeout": 1}

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "tenants.accounts.password_validation.CommonPasswordVariantValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "tenants.accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "tenants.accounts.adapter.display"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # other sessions end (`tenants.accounts.account_page`), this one stays
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second step is told to the person
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # seconds; `tenants.access.reauthentication.MAX_AGE`
MFA_ADAPTER = "tenants.accounts.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an invitation reached the person by mail
MFA_TOTP_TOLERANCE = 1  # clocks of telephones are off by half a minute at most
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
STAFF_SECOND_STEP = os.environ.get("PATCHBAY_STAFF_SECOND_STEP", "0" if DEMO else "1") == "1"

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_NAME = "__Host-session" if SECURE else "patchbay-session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE else "patchbay-csrf"
CSRF_FAILURE_VIEW = "dashboard.overview.error_views.csrf_failure"
SECURE_SSL_REDIRECT = SECURE
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": "/csp-report/",
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = os.environ.get("PATCHBAY_TIME_ZONE", "Europe/Amsterdam" if DEMO else "UTC")  # of the staff's pages
if (_zone := time_zones.read(TIME_ZONE)) is None:
    raise ImproperlyConfigured(f"PATCHBAY_TIME_ZONE is no time zone: {TIME_ZONE}. Set a name such as Europe/Amsterdam.")
TIME_ZONE = _zone.key
USE_TZ = True
USE_I18N = False
FORMAT_MODULE_PATH = "dashboard.formats"

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("PATCHBAY_STATIC", BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not STATIC_ROOT.exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "dashboard.ui.static_bundles.BundledStaticFilesStorage"
        if STATIC_ROOT.exists()
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

EMAIL_BACKEND = "tenants.mail.backend.QueueBackend"  # every mail waits in a table until the mail server has taken it
EMAIL_HOST = os.environ.get("PATCHBAY_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("PATCHBAY_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("PATCHBAY_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("PATCHBAY_SMTP_PASSWORD", "")
SMTP_SECURITY = os.environ.get("PATCHBAY_SMTP_SECURITY", "starttls")
if SMTP_SECURITY not in ("starttls", "tls", "none"):
    raise ImproperlyConfigured("PATCHBAY_SMTP_SECURITY is starttls, tls or none.")
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP_SECURITY == "starttls", SMTP_SECURITY == "tls"
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = SERVER_EMAIL = os.environ.get("PATCHBAY_MAIL_FROM", "patchbay@localhost")
MAIL_IS_KEPT = DEMO and (bool(SANDBOX_URL) or not EMAIL_HOST)  # the demo sends nothing: its mails are read on a page
MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"

LOGGING_CONFIG = "dashboard.logs.configure"
LOGGING = logs.settings(as_json=os.environ.get("PATCHBAY_LOG", "console" if DEMO else "json") == "json")
SILENCED_SYSTEM_CHECKS: list[str] = []
VOICEDOCK_TRANSPORT = None  # tests put the sandbox here
