"""Kernel walls around a child process: which files it may open, whose death ends it, whose user it is."""

import ctypes
import os
import platform
import signal
from collections.abc import Callable, Iterable
from pathlib import Path

LINUX = platform.system() == "Linux"

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000

# Landlock has the same system call numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE = 1 << 14
_ALL_OF_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


class _RulesetAttr(ctypes.Structure):
    _fields_ = (("handled_access_fs", ctypes.c_uint64),)


class _PathBeneathAttr(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def can_confine_files() -> bool:
    """Whether this kernel can keep a process from files (Linux 5.13 and later, Landlock switched on)."""
    return _landlock_version() > 0


def confine_files(writable: Iterable[Path], readable: Iterable[Path]) -> bool:
    """From now on this process opens files only beneath these paths; False where the kernel can't do that.

    Needs no privilege and can't be undone. What is open or mapped already stays usable.
    """
    version = _landlock_version()
    if version <= 0:
        return False
    libc = _libc()
    everything = _ALL_OF_VERSION.get(version, _ALL_OF_VERSION[3])
    attr = _RulesetAttr(everything)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(attr), ctypes.sizeof(attr), 0)
    if ruleset < 0:
        return False
    rules = [(path, everything) for path in writable]
    rules += [(path, _EXECUTE | _READ_FILE | _READ_DIR) for path in readable]
    for path, access in rules:
        if not path.exists():
            continue
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = _PathBeneathAttr(access if path.is_dir() else access & _ON_FILES, opened)
        libc.syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, ctypes.byref(rule), 0)
        os.close(opened)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    confined: bool = libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return confined


def die_with_parent(send: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when its parent dies (Linux only)."""
    if LINUX:
        _libc().prctl(_PR_SET_PDEATHSIG, int(send), 0, 0, 0)


def before_exec(send: signal.Signals, *, appear_unprivileged: bool = False) -> Callable[[], None]:
    """What a child runs between fork and exec: its own process group, no orphan, and root's disguise if wanted."""

    def prepare() -> None:
        os.setsid()
        if appear_unprivileged and os.geteuid() == 0:
            _appear_as_nobody()
        die_with_parent(send)

    return prepare


def _appear_as_nobody() -> None:
    """Postgres refuses to run as root. In a user namespace root's files stay reachable, and root is called nobody."""
    if LINUX and _libc().unshare(_CLONE_NEWUSER) == 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text("65534 0 1")
        Path("/proc/self/gid_map").write_text("65534 0 1")
        return
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def can_disguise_root() -> bool:
    """Whether user namespaces work here; where they don't, root's children become `nobody` for real."""
    child = os.fork()
    if child == 0:
        os._exit(0 if LINUX and _libc().unshare(_CLONE_NEWUSER) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


def _landlock_version() -> int:
    if not LINUX:
        return 0
    return int(_libc().syscall(_CREATE_RULESET, None, 0, 1))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
