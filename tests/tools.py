"""Programs of the machine that a test needs: where one is missing it is skipped, on a CI machine it fails."""

import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def need(program: str) -> str:
    found = shutil.which(program)
    if found:
        return found
    how = f"{program} is not on this machine: install it (on Debian and Ubuntu: apt-get install {PACKAGES[program]})"
    if os.environ.get("CI") == "true":
        pytest.fail(how)
    pytest.skip(how)


PACKAGES = {"node": "nodejs", "openssl": "openssl"}


def self_signed_certificate(folder: Path) -> ssl.SSLContext:
    """For 127.0.0.1, made anew: nothing that looks like a secret is in the repository."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    whose = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    where = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([need("openssl"), *kind, *whose, *where], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
