"""A RabbitMQ for the tests of one module, and one of each version for tests that kill it."""

from collections.abc import Iterator

import pytest

from tests.support.rabbitmq import RabbitMq, of_version


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMq]:
    """RabbitMQ 4 as it is installed: no exchange, queue or policy is made for it beforehand."""
    with of_version(4, tmp_path_factory.mktemp("rabbit")) as found:
        yield found


@pytest.fixture(params=[3, 4])
def broker_of_each_version(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RabbitMq]:
    """Both versions in turn, a new one for each test."""
    with of_version(request.param, tmp_path_factory.mktemp("rabbit")) as found:
        yield found
