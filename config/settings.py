"""Every setting, read from the environment once; what each variable means stands in .env.example.

Nothing here stops a command that does not need it: secrets and servers that are missing are named by
`config.checks.require` when a server process starts, or by the first query.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import desk, env
from config.local import discovery, secret_files
from intake.rates import Rate
from outbox.routes import Route

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / ".data")))
DEBUG = env.flag("DEBUG", default=False)

# --- Servers: the environment's, else those of the `make run` that is running in DATA_DIR ---------------

DATABASE_URL = env.text("DATABASE_URL")
LOCAL = (None if DATABASE_URL else discovery.find(DATA_DIR)) or {}
if LOCAL:
    DATABASE_URL = LOCAL["DATABASE_URL"]
    print(f"Using the servers of `make run` in {DATA_DIR}.", file=sys.stderr)  # noqa: T201
REDIS_URL = env.text("REDIS_URL", LOCAL.get("REDIS_URL", ""))
BROKER_URL = env.text("BROKER_URL", REDIS_URL)
CACHE_URL = env.text("CACHE_URL", REDIS_URL)


def secret(name: str) -> str:
    """From the environment; from `make run`'s folder only where no outside database is named."""
    kept = None if env.text("DATABASE_URL") else secret_files.read(DATA_DIR, name)
    return env.text(name, kept or "")


SECRET_KEY = secret("SECRET_KEY")
# Secrets of before, still good for links in mails and for suppressed addresses.
SECRET_KEY_FALLBACKS = env.items("SECRET_KEY_FALLBACKS")
METRICS_TOKEN = secret("METRICS_TOKEN")
# Under it stand the hashes of who was erased: keep it outside of the database's backups.
ERASURE_KEY = secret("ERASURE_KEY") or SECRET_KEY

# --- Addresses ------------------------------------------------------------------------------------------

HOST = env.text("HOST", "127.0.0.1")
PORT = env.number("PORT", 8000, low=1)
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", LOCAL.get("PUBLIC_BASE_URL", f"http://localhost:{PORT}")).rstrip("/")
_public = urlsplit(PUBLIC_BASE_URL)
if _public.scheme not in {"http", "https"} or not _public.hostname:
    raise ImproperlyConfigured(f"PUBLIC_BASE_URL: '{PUBLIC_BASE_URL}' is no http or https address.")
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", f"{_public.hostname},localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.items("CSRF_TRUSTED_ORIGINS", f"{_public.scheme}://{_public.netloc}")
CORS_ALLOWED_ORIGINS = env.items("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/v1/(questionnaires|submissions)/"
CORS_ALLOW_HEADERS = ["content-type", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["Idempotency-Replayed", "Retry-After", "ETag", "Location"]
# 0 = no proxy: X-Forwarded-For is a stranger's word. Django REST framework's own default (None) would use
# the whole header as the client's name, so a bot would get a fresh budget per made-up header.
NUM_PROXIES = env.number("NUM_PROXIES", 0, high=10)
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", 1, low=1, high=64)

_https = _public.scheme == "https"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = (
    ("__Host-sessionid", "__Host-csrftoken") if _https else ("sessionid", "csrftoken")
)
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- The house ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "unfold",  # before the admin: it replaces its templates
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "corsheaders",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config",
    "outbox",
    "assessments",
    "intake",
    "scheduling",
    "notifications",
]
MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.errors.ProblemMiddleware",
    "intake.limits.RateLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "config.security.ContentSecurityPolicyMiddleware",
    "config.security.NulMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "https:", "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Database: one engine everywhere --------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if DATABASE_URL:
    DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
    if DATABASES["default"].get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL: Truegap needs PostgreSQL (postgres://user:password@host/name).")
else:
    DATABASES = {"default": {"ENGINE": "config.nowhere", "NAME": "truegap"}}
DATABASES["default"].setdefault("OPTIONS", {}).update(connect_timeout=3, keepalives_idle=10, tcp_user_timeout=10_000)
# A connection per request would cost more than the request itself.
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)

# --- Celery: the broker is a doorbell, PostgreSQL holds the work (docs/adr/0001) ------------------------

# The order matters: a call outwards ends first, then the soft limit, then the hard one, then the lease of
# the row, and last the broker's own redelivery. The lease keeps the promise of a mail within 60 s of the
# submission when a worker dies: 20 s for the booking + 30 s lease + 1 s beat.
CALL_DEADLINE_SECONDS = 15
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 25
OUTBOX_LEASE_SECONDS = 30
CELERY_VISIBILITY_TIMEOUT = 300

CELERY_BROKER_URL = BROKER_URL or "redis://127.0.0.1:6379/0"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": CELERY_VISIBILITY_TIMEOUT,  # recovers after kill -9; a task longer than it runs twice
    "unacked_restore_interval": 5,  # the default sweep takes about 100 s whatever the timeout says
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,  # without these a publish to a frozen broker waits for ever
    "socket_timeout": 5,  # above BRPOP's own second
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_BROKER_POOL_LIMIT = 10
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 1.0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # the default gives up after 100 tries
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1}
CELERY_TASK_IGNORE_RESULT = True  # the row is the result
CELERY_TASK_ACKS_LATE = True  # early acks lost 10 of 4,000 tasks over eight kills, late ones 0 or 1
CELERY_TASK_ACKS_ON_FAILURE = True  # the row holds the retry; an unacknowledged failure would loop
CELERY_TASK_ACKS_ON_TIMEOUT = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False  # without a cap it loops: the attempts are capped in the row
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # tasks fetched by a worker that dies wait for the visibility timeout
CELERY_WORKER_ETA_TASK_LIMIT = 100
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 200_000  # kB
CELERY_TIMEZONE = "UTC"  # crontab schedules have open defects at clock changes; ours are intervals
CELERY_TASK_DEFAULT_QUEUE = "booking"
CELERY_TASK_ROUTES = {
    "outbox.relay": {"queue": "outbox"},
    "notifications.send_*": {"queue": "mail"},
    "notifications.fan_out": {"queue": "webhooks"},
    "notifications.deliver_webhook": {"queue": "webhooks"},
    "scheduling.read_calendars": {"queue": "calendars"},
}
CELERY_BEAT_SCHEDULE = {
    # The doorbell that never sleeps: finds every due row even if no other bell was heard. A tick that was
    # not read within its second is stale, the next one does the same.
    "relay": {
        "task": "outbox.relay",
        "schedule": 1.0,
        "kwargs": {"rung_by": "beat"},
        "options": {"expires": 5},
    },
    "expire-holds": {"task": "scheduling.expire_holds", "schedule": 60.0, "options": {"expires": 60}},
    # Finds what nobody was there to say: follow-ups lost with their worker, failed deliveries, a digest that is due.
    "look-around": {"task": "notifications.look_around", "schedule": 60.0, "options": {"expires": 60}},
    "watch-endpoints": {"task": "notifications.watch_endpoints", "schedule": 60.0, "options": {"expires": 60}},
    # Removes what has outlived its time, a batch at a time.
    "purge": {"task": "notifications.purge", "schedule": 600.0, "options": {"expires": 600}},
    # Reads what is due, mostly nothing; so often that a new calendar, or “read now”, waits a few seconds only.
    "read-calendars": {"task": "scheduling.read_calendars", "schedule": 10.0, "options": {"expires": 10}},
}

# --- Outbox: what follows from what ---------------------------------------------------------------------

FAN_OUT = "notifications.fan_out"
BOOKING_MAIL = "notifications.send_booking_mail"
BRIEF = "notifications.send_brief"
PLAN_REMINDERS = "notifications.plan_reminders"
FOLLOW_UPS = "notifications.start_sequences"
OUTBOX_ROUTES: dict[str, tuple[str | Route, ...]] = {
    "lead.created": (FAN_OUT,),
    "lead.assessed": (
        "scheduling.book_call",
        # The mail carries the held time, so it waits for the booking; a dead calendar costs it 20 s.
        Route("notifications.send_reply", after="scheduling.book_call", within_seconds=20),
        "notifications.send_staff_note",
        FOLLOW_UPS,
        FAN_OUT,
    ),
    # No mail: the reply was sent, and the page shows what is held or offered now.
    "lead.reassessed": ("scheduling.review_call", FAN_OUT),
    "lead.stage_changed": (FAN_OUT,),
    "lead.unsubscribed": (FAN_OUT,),
    "lead.erased": ("notifications.send_erasure_note", FAN_OUT),
    # The house's own: somebody wants to see what is held about them.
    "mailbox_link.asked": ("notifications.send_mailbox_link",),
    "follow_up.sent": (FAN_OUT,),
    "follow_up.failed": (FAN_OUT,),
    "submission.quarantined": (FAN_OUT,),
    # The house's own: staff found that an accepted one is spam.
    "submission.set_aside": ("scheduling.let_go",),
    "booking.tentative": (FAN_OUT,),
    "booking.confirmed": (BOOKING_MAIL, BRIEF, PLAN_REMINDERS, FAN_OUT),
    "booking.rescheduled": (BOOKING_MAIL, BRIEF, PLAN_REMINDERS, FAN_OUT),
    "booking.cancelled": (BOOKING_MAIL, FOLLOW_UPS, FAN_OUT),
    "booking.expired": (FAN_OUT,),
    "booking.completed": (FAN_OUT,),
    "booking.no_show": (FOLLOW_UPS, FAN_OUT),
    "booking.unavailable": ("notifications.send_staff_note", FAN_OUT),
    # A test that somebody asked for: sent to the one endpoint, and causes nothing else.
    "ping": (),
    # The house's own: staff answer a wish, consumers hear of what comes of it.
    "booking.requested": ("notifications.send_staff_note",),
    # The house's own: they name no lead and reach no consumer.
    "calendar.unreadable": ("notifications.send_calendar_note",),
    "calendar.readable": ("notifications.send_calendar_note",),
    "deliveries.failed": ("notifications.send_failure_note",),
    "digest.due": ("notifications.send_digest",),
    # Staff try words on themselves.
    "template.tried": ("notifications.send_trial",),
    "endpoint.failing": ("notifications.send_endpoint_note",),
    "endpoint.recovered": ("notifications.send_endpoint_note",),
    "endpoint.gone": ("notifications.send_endpoint_note",),
}
# Rows of one queue that may be with the broker or running at once. Mail and webhooks wait for strangers'
# servers, and so does whoever reads calendars, one at a time: with eight worker processes one is left free for
# bookings and the relay, whatever hangs.
OUTBOX_IN_FLIGHT = {"mail": 2, "webhooks": 4, "booking": 50}
# Of these, how many for one receiver: an endpoint that hangs leaves places to the others. (Fanning out, which has no
# receiver, counts as one.)
OUTBOX_PER_TARGET = {"webhooks": 2}
# A worker stays with one receiver so long; with the longest call after it, it ends before the task's own limit.
OUTBOX_TURN_SECONDS = 3
# What nobody waits for goes after everything else of its queue: a morning's worth of follow-ups delays no reply.
OUTBOX_PATIENT = ("notifications.send_follow_up",)
# Waits between attempts, in seconds; one entry a further attempt.
OUTBOX_RETRY_SECONDS = {
    "notifications.deliver_webhook": env.seconds(
        "WEBHOOK_RETRY_SECONDS", "5,300,1800,7200,18000,36000,50400,72000,86400"
    ),
    # Nobody waits for a follow-up: a mail server that is down for a night costs none.
    "notifications.send_follow_up": [300, 1800, 7200, 14400, 28800],
    "default": [5, 30, 120, 600, 3600],
}
WEBHOOK_ALLOWED_NETWORKS = env.networks("WEBHOOK_ALLOWED_NETWORKS")
# Signs what the mail system tells of bounces, complaints and answers; empty: it is not listened to.
MAIL_EVENTS_SECRET = env.signing_secret("MAIL_EVENTS_SECRET")

# --- Outside calendars (docs/calendars.md) --------------------------------------------------------------

# How long the last known busy times hold where a calendar cannot be read; its advisor is withheld afterwards.
CALENDAR_VALID_MINUTES = env.number("CALENDAR_VALID_MINUTES", 60, low=10, high=10_080)
CALENDAR_READ_SECONDS = 300  # from one reading to the next
# One fetch. With the time for reading what came, it ends before the task's own limit.
CALENDAR_DEADLINE_SECONDS = 10

# --- Personal data (docs/privacy.md) --------------------------------------------------------------------

# Each room exports, erases and purges its own rows; from the top down, since rows point downwards.
PERSONAL_DATA = ("notifications.privacy", "scheduling.privacy", "intake.privacy", "outbox.privacy")
# How many days what is kept.
RETENTION_DAYS = {
    "quarantined": env.number("RETENTION_QUARANTINED_DAYS", 30, low=1),
    "people": env.number("RETENTION_PEOPLE_DAYS", 730, low=30),
    "mail_bodies": env.number("RETENTION_MAIL_BODIES_DAYS", 365, low=1),
    "deliveries": env.number("RETENTION_DELIVERIES_DAYS", 30, low=1),
    "events": env.number("RETENTION_EVENTS_DAYS", 90, low=7),
    "idempotency": env.number("RETENTION_IDEMPOTENCY_DAYS", 3, low=1),
    "client_addresses": env.number("RETENTION_CLIENT_ADDRESSES_DAYS", 30, low=1),
}

# --- Limits at the door ---------------------------------------------------------------------------------

SUBMISSION_RATE = Rate.parse("SUBMISSION_RATE", env.text("SUBMISSION_RATE", "30/min"))
PUBLIC_RATE = Rate.parse("PUBLIC_RATE", env.text("PUBLIC_RATE", "120/min"))
API_KEY_RATE = Rate.parse("API_KEY_RATE", env.text("API_KEY_RATE", "600/min"))
MAIL_DOMAIN_RATE = Rate.parse("MAIL_DOMAIN_RATE", env.text("MAIL_DOMAIN_RATE", "30/h"))
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# --- Mail -----------------------------------------------------------------------------------------------

EMAIL_URL = env.text("EMAIL_URL")
if EMAIL_URL:
    try:
        _email = environ.Env.email_url_config(EMAIL_URL)
    except (ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(f"EMAIL_URL: {error}. Use a form like smtp+tls://user:password@host:587.") from error
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"], _email["EMAIL_PORT"] or 25
    EMAIL_HOST_USER = _email["EMAIL_HOST_USER"] or ""
    EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = "notifications.mail_files.FolderBackend"
EMAIL_TIMEOUT = 10  # Django's default waits for ever
MAIL_DIR = DATA_DIR / "mail"
DEFAULT_FROM_EMAIL = env.mailbox("DEFAULT_FROM_EMAIL", "Truegap <hello@truegap.example>")

# ANYMAIL_WEBHOOK_SECRET=user:password lets mail services tell of bounces in their own words (extra `esp`).
ANYMAIL = env.prefixed("ANYMAIL_")

FIRM_SEED = {
    "name": env.text("FIRM_NAME"),
    "address": env.text("FIRM_ADDRESS"),
    "privacy_url": env.text("FIRM_PRIVACY_URL"),
    "reply_to": env.text("FIRM_REPLY_TO"),
    "imprint_url": env.text("FIRM_IMPRINT_URL"),
    "logo_url": env.text("FIRM_LOGO_URL"),
    "accent": env.text("FIRM_ACCENT"),
    "language": env.text("FIRM_LANGUAGE"),
    "timezone": env.text("FIRM_TIMEZONE"),
}

# --- The rest of Django ---------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = env.zone("TIME_ZONE", "UTC")
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Without `collectstatic` (make run, tests) the files come straight from the packages. What it collects needs its
# manifest, so it has to be told before there is one.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists() or "collectstatic" in sys.argv
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "intake.guard.JSONParser",
        "intake.guard.FormParser",
        "intake.guard.MultiPartParser",
    ],
    # The public doors never read a session, so nobody's cookies ride along and no CSRF token is needed.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "config.errors.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["intake.limits.PublicLimit"],
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Truegap",
    "DESCRIPTION": "Takes enquiries, finds the actual gap with reasons, books the advisor who fits.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "TAGS": [{"name": f"for {whom}"} for whom in ("websites", "the prospect", "staff", "machines")],
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "PREPROCESSING_HOOKS": ["config.openapi.views.only_v1"],
    "POSTPROCESSING_HOOKS": [
        "config.openapi.enquiry.add",
        "config.openapi.events.add",
        "config.openapi.problems.add",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": 0},
}
UNFOLD = {
    "SITE_TITLE": "Truegap",
    "SITE_HEADER": "Truegap",
    "SITE_SUBHEADER": "Lead desk",
    "SITE_SYMBOL": "explore",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": desk.favicon}],
    "COLORS": {"primary": desk.TEAL},
    "SHOW_HISTORY": True,
    "ENVIRONMENT": "notifications.note_desk.badge",
    "SIDEBAR": {"show_search": True, "navigation": "config.desk.navigation"},
}

# auto: with sentence embeddings where the extra is installed, once they have loaded; linear: never.
MESSAGE_READER = env.choice("MESSAGE_READER", "auto", ("auto", "linear"))

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = env.choice("LOG_FORMAT", "console", ("console", "json"))
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_tokens": {"()": "config.logs.NoTokens"}},
    "formatters": {
        "console": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"},
        "json": {"()": "config.logs.JSONFormatter"},
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["no_tokens"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "httpx": {"level": "WARNING"},  # its INFO lines carry consumers' URLs
        # The relay runs every second; what happened stands in the rows.
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
