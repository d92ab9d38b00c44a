"""Fixtures of the outbox's tests."""

import ssl
from pathlib import Path

import pytest

from tests.tools import self_signed_certificate


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    folder: Path = tmp_path_factory.mktemp("tls")
    return self_signed_certificate(folder)
