"""The version of this client, told to the API in `user-agent`."""

from typing import Final

__version__: Final = "0.1.0"
