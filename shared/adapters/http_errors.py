"""What can go wrong when speaking HTTP, and what it says about the request.

* HttpError
  - ForbiddenAddress       the URL, or an address behind its name, is not allowed: not connected
  - ConnectFailed          surely not sent: DNS, connect, TLS
  - ExchangeFailed         may have reached the other side
    + DeadlineExceeded     took longer than allowed as a whole
    + TooLarge             more bytes than allowed
  - RedirectRefused        one redirect too many, or one that leads nowhere
"""


class HttpError(Exception):
    pass


class ForbiddenAddress(HttpError):
    pass


class ConnectFailed(HttpError):
    pass


class ExchangeFailed(HttpError):
    pass


class DeadlineExceeded(ExchangeFailed):
    pass


class TooLarge(ExchangeFailed):
    pass


class RedirectRefused(HttpError):
    pass
