"""A RabbitMQ for the tests of one module."""

from collections.abc import Iterator

import pytest

from tests.support.rabbitmq import RabbitMq, require_version_4


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    """RabbitMQ 4 as it is installed: no exchange, queue or policy is made for it beforehand."""
    with RabbitMq(tmp_path_factory.mktemp("rabbit"), version_4=require_version_4()) as found:
        yield found
