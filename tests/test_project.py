"""Guards against drift: what is written in one place about another place must stay true."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command

from config.celery import app
from config.local import processes
from outbox.routes import as_route
from tests.config.runs import environment

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# Read by Docker Compose itself, not by our code.
FOR_COMPOSE = {"POSTGRES_PASSWORD", "VALKEY_PASSWORD"}


def text(name):
    return (ROOT / name).read_text()


def names_in_code():
    """Every variable that the code asks the environment for."""
    code = "".join(path.read_text() for path in (ROOT / "config").rglob("*.py"))
    asked = re.findall(
        r'(?:env|environment)\.(?:text|flag|number|items|choice|seconds|networks|zone|mailbox|signing_secret)\(\s*"([A-Z_]+)"',
        code,
    )
    return {*asked, *re.findall(r'secret\("([A-Z_]+)"\)', code), *re.findall(r'"(DJANGO_SUPERUSER_[A-Z]+)"', code)}


def names_in_example():
    return set(re.findall(r"^([A-Z_]+)=", text(".env.example"), re.MULTILINE))


def flat(command):
    """A command line without what each place decides for itself: the interpreter, the address, the workers."""
    words = command.split() if isinstance(command, str) else list(command)
    words = words[-1].split() if words[0] == "sh" else words
    words = words[words.index("-m") :]
    for flag in ("--host", "--port", "--workers"):
        if flag in words:
            words[words.index(flag) + 1] = "*"
    return words


def test_every_variable_is_explained_in_the_example():
    assert names_in_example() - FOR_COMPOSE == names_in_code()


def test_compose_sets_only_variables_that_exist():
    known = names_in_code() | FOR_COMPOSE | {"POSTGRES_USER", "POSTGRES_DB"}

    for service in COMPOSE["services"].values():
        assert set(service.get("environment", {})) <= known


def test_compose_holds_no_secret():
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|URL", name):
                assert "${" in value, f"{name} is written out"


def test_compose_has_the_services_of_the_contract_and_each_is_looked_after():
    services = COMPOSE["services"]
    dev = {name for name, service in services.items() if service.get("profiles") == ["dev"]}

    assert set(services) - dev == {"db", "redis", "migrate", "web", "worker", "beat"}
    assert dev == {"mailpit"}
    for name, service in services.items():
        assert service["init"] is True, name
        assert name == "migrate" or "healthcheck" in service, name
    for name in ("web", "worker", "beat"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert services["migrate"]["restart"] == "no"


def test_compose_mounts_only_volumes_that_it_declares():
    mounted = {
        volume.split(":")[0] for service in COMPOSE["services"].values() for volume in service.get("volumes", [])
    }

    assert mounted == set(COMPOSE["volumes"])


def test_command_lines_are_the_same_everywhere():
    commands = {name: flat(line) for name, line in processes.commands("h", 1, workers=1).items()}
    procfile = dict(line.split(": ", 1) for line in text("Procfile").strip().splitlines())
    dockerfile = yaml.safe_load(re.search(r"^CMD (.*)$", text("Dockerfile"), re.MULTILINE)[1])

    assert {name: flat(procfile[name]) for name in commands} == commands
    assert flat(dockerfile) == commands["web"]
    for name in ("worker", "beat"):
        assert flat(COMPOSE["services"][name]["command"]) == commands[name]


def test_commands_of_compose_exist():
    lines = [*COMPOSE["services"]["migrate"]["command"], *COMPOSE["services"]["worker"]["healthcheck"]["test"]]
    named = {word for line in lines for word in re.findall(r"manage\.py (\w+)", line)} | {"heartbeat"}

    for name in named:
        ended = subprocess.run([sys.executable, "manage.py", name, "--help"], cwd=ROOT, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr


def test_worker_reads_every_queue_that_a_task_is_routed_to():
    queues = set(re.search(r"--queues (\S+)", text("Procfile"))[1].split(","))
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()} | {settings.CELERY_TASK_DEFAULT_QUEUE}

    assert queues == routed
    # The relay's queue and the readers' of calendars carry no deliveries.
    assert set(settings.OUTBOX_IN_FLIGHT) == routed - {"outbox", "calendars"}


def test_mail_files_of_the_image_lie_where_it_may_write():
    for name in ("migrate", "web", "worker", "beat"):
        service = COMPOSE["services"][name]
        assert service["environment"]["DATA_DIR"] == "/data"
        assert [volume.partition(":")[2] for volume in service["volumes"]] == ["/data"]


def test_collected_files_are_found_again_by_their_hashed_names(tmp_path):
    """What the image does: collectstatic in a tree without a database, then pages that name the files."""
    for room in ("assessments", "config", "intake", "notifications", "outbox", "scheduling"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", tmp_path)
    command = re.search(r"^RUN (.*)python (manage.py collectstatic.*)$", text("Dockerfile"), re.MULTILINE)
    given = dict(word.split("=", 1) for word in command[1].split())

    collected = subprocess.run(
        [sys.executable, *command[2].split()], cwd=tmp_path, env=environment(**given), capture_output=True, text=True
    )
    code = "from django.templatetags.static import static; print(static('truegap/page.css'))"
    named = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=tmp_path, env=environment(**given), capture_output=True, text=True,
    )  # fmt: skip

    assert collected.returncode == 0, collected.stderr
    assert re.fullmatch(r"/?static/truegap/page\.[0-9a-f]{12}\.css\n", named.stdout), named.stdout + named.stderr


def test_image_runs_as_an_ordinary_user_and_installs_by_hash():
    dockerfile = text("Dockerfile")

    assert dockerfile.index("USER truegap") < dockerfile.index("CMD")
    assert "--require-hashes -r requirements.lock" in dockerfile


@pytest.mark.django_db
def test_system_checks_pass_and_no_migration_is_missing():
    call_command("check")
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_check_fails_on_a_route_that_leads_nowhere(settings):
    from config.checks import routes_lead_somewhere

    settings.OUTBOX_ROUTES = {"lead.created": ("notifications.sing_a_song",)}

    assert [error.id for error in routes_lead_somewhere()] == ["outbox.E001"]


def test_check_fails_on_a_lease_shorter_than_the_task(settings):
    from config.checks import leases_outlive_tasks

    settings.OUTBOX_LEASE_SECONDS = settings.CELERY_TASK_TIME_LIMIT - 1

    assert [error.id for error in leases_outlive_tasks()] == ["outbox.E003"]


def test_every_event_type_is_in_the_docs_with_its_effects():
    documented = set(re.findall(r"^\| `([a-z_.]+)` \|", text("docs/events.md"), re.MULTILINE))

    assert documented == set(settings.OUTBOX_ROUTES)


def test_every_task_of_a_route_is_registered_under_its_own_app():
    app.autodiscover_tasks(force=True)

    for entries in settings.OUTBOX_ROUTES.values():
        for entry in entries:
            name = as_route(entry).task
            assert app.tasks[name].__module__ == f"{name.partition('.')[0]}.tasks"


def test_no_task_waits_in_the_broker():
    """A countdown beyond the visibility timeout is delivered again and again; waiting is done in due_at."""
    for room in ("assessments", "config", "intake", "notifications", "outbox", "scheduling"):
        for path in (ROOT / room).rglob("*.py"):
            assert not re.search(r"\b(countdown|eta)=", path.read_text()), path


def test_import_contract_fails_on_a_planted_upward_import(tmp_path):
    """Copies the rooms, lets the lowest import an upper one, and sees the contract break."""
    for room in ("assessments", "config", "intake", "notifications", "outbox", "scheduling"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "local"))
    (tmp_path / "config" / "local").mkdir()
    (tmp_path / "config" / "local" / "__init__.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    lint = str(Path(sys.executable).with_name("lint-imports"))
    kept = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)

    planted = tmp_path / "assessments" / "judge.py"
    planted.write_text(planted.read_text() + "\nfrom scheduling import matching\n")
    broken = subprocess.run([lint, "--no-cache"], cwd=tmp_path, capture_output=True, text=True)

    assert kept.returncode == 0, kept.stdout
    assert broken.returncode == 1
    assert "assessments.judge -> scheduling.matching" in broken.stdout
