"""The first thing that every child of the supervisor is, before it becomes its program by exec.

Run as a script with `-I -S`, so it sees neither the project nor its packages. A script rather than
`preexec_fn`, which is unsafe (and since Python 3.12 a warning) in a process that has threads.
"""

import ctypes
import json
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    order, command = json.loads(sys.argv[1]), sys.argv[2:]
    os.ftruncate(order["lock"], 0)
    os.pwrite(order["lock"], str(os.getpid()).encode(), 0)
    if order["account"]:
        user, group = order["account"]
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
    # After the change of user, which clears it.
    die_with_parent(order["signal"])
    if os.getppid() != order["parent"]:
        sys.exit(1)  # the parent died before the kernel was told to tell us
    # Python ignores these, and an ignored signal stays ignored over exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execvp(command[0], command)  # noqa: S606


def die_with_parent(number: int) -> None:
    """Linux only. Fires when the *thread* that started us ends, so children are started by main threads."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


if __name__ == "__main__":
    main()
