"""Powertools' resolver for HTTP APIs, without its siblings.

The package that it lies in imports a resolver for every service there is, and asyncio for one of
them: as much as all of our own routes. So that package is entered without running it.
"""

import sys
from importlib.util import find_spec, module_from_spec
from typing import Final

_PACKAGE: Final = "aws_lambda_powertools.event_handler"

if _PACKAGE not in sys.modules:
    _spec = find_spec(_PACKAGE)
    if _spec:
        sys.modules[_PACKAGE] = module_from_spec(_spec)

from aws_lambda_powertools.event_handler.api_gateway import (  # noqa: E402  once it is entered
    APIGatewayHttpResolver,
    Response,
)

__all__ = ["APIGatewayHttpResolver", "Response"]
