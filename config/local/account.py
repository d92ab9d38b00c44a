"""As whom Postgres runs: it refuses to run as root, so root lends it an ordinary account."""

import os
import pwd
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from config.local.lock import UnableToStart

NAMES = ("postgres", "nobody")
# A checkout in a folder of mode 0700 (root's home, a fresh temporary folder) shuts the account out. Opening
# that folder to everybody is not ours to do, so Postgres alone is let through: by the right to read and
# walk, else, in containers that withhold it, by the wider one. The web process is plain root there anyway.
WALKING = ("dac_read_search", "dac_override")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int
    # A command that changes to the account by itself; empty where the launcher does.
    prefix: tuple[str, ...] = ()


def for_postgres(cluster: Path, program: Path) -> Account | None:
    """None where we are no root: Postgres then runs as we do. Raises UnableToStart."""
    if os.geteuid() != 0:
        return None
    account = _owner(cluster) or _first_known()
    blocked = _blocked(account, cluster.parent) or _blocked(account, program)
    if blocked is None:
        return account
    for capability in WALKING:
        walking = replace(account, prefix=_walking_prefix(account, capability))
        if _may_enter(walking, cluster.parent) and _may_enter(walking, program):
            return walking
    raise UnableToStart(
        f"Postgres does not run as root, and the account '{account.name}' may not enter {blocked}. "
        "Start as an ordinary user, or keep the files where all may pass: DATA_DIR=/srv/truegap make run"
    )


def hand_over(folder: Path, account: Account | None) -> None:
    """Gives the data folder, and nothing above it, to the account."""
    if account is None or folder.stat().st_uid == account.uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _owner(cluster: Path) -> Account | None:
    """Whoever made the data keeps it, so that an ordinary user can go on after root once started it."""
    if not cluster.exists() or cluster.stat().st_uid == 0:
        return None
    status = cluster.stat()
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = f"number {status.st_uid}"
    return Account(name, status.st_uid, status.st_gid)


def _first_known() -> Account:
    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise UnableToStart(
        f"Postgres does not run as root, and there is no account {' or '.join(NAMES)}. Start as an ordinary user."
    )


def _blocked(account: Account, path: Path) -> Path | None:
    """The topmost folder on the way to `path` that the account may not enter."""
    if _may_enter(account, path):
        return None
    return next((step for step in (*reversed(path.parents), path) if not _may_enter(account, step)), path)


def _may_enter(account: Account, path: Path) -> bool:
    """Asks the kernel as that account, since mode bits are not the whole truth (access lists, mounts)."""
    switch = {} if account.prefix else {"user": account.uid, "group": account.gid, "extra_groups": []}
    command = [*account.prefix, "test", "-x", str(path)]
    try:
        done = subprocess.run(command, cwd="/", stderr=subprocess.DEVNULL, check=False, **switch)  # type: ignore[call-overload]
    except OSError:
        return False
    return bool(done.returncode == 0)


def _walking_prefix(account: Account, capability: str) -> tuple[str, ...]:
    """The launcher cannot give capabilities; util-linux's setpriv can."""
    return (
        "setpriv",
        f"--reuid={account.uid}",
        f"--regid={account.gid}",
        "--clear-groups",
        "--securebits=+no_setuid_fixup",  # else access(2) looks without the capability
        f"--inh-caps=-all,+{capability}",
        f"--ambient-caps=+{capability}",
        f"--bounding-set=-all,+{capability}",
        "--pdeathsig=INT",  # the change of user clears the launcher's
        "--",
    )
