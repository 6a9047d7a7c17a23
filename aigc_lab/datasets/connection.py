"""The way out to the network: which proxy and which certificates the reader's machine names, and which of them stands in the way."""

import os
import re
import ssl
import urllib.request

import httpx


class NoWayOutError(Exception):
    """A setting of this machine keeps every request from being sent; the text names the setting."""


class Route(httpx.BaseTransport):
    """Sends each request, also one after a redirect, through the proxy that is set for its address, if there is one.

    Only the settings that an address needs are looked at: with a good HTTPS_PROXY, an ALL_PROXY that can't be used does no harm.
    """

    def __init__(self) -> None:
        self._ways: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As httpx asks of a transport.

        Raises:
            NoWayOutError: the proxy or the certificates that are set can't be used.
            httpx.TransportError: no connection, or it broke off.
        """
        proxy, setting = proxy_for(request.url)
        try:
            if proxy not in self._ways:
                self._ways[proxy] = httpx.HTTPTransport(verify=_certificates(), proxy=proxy or None)
            return self._ways[proxy].handle_request(request)
        except ImportError:
            advice = "which needs the package socksio: `pip install socksio`, or set another proxy"
            raise NoWayOutError(f"can't be asked: {setting} names a SOCKS proxy, {advice}") from None
        except (ValueError, httpx.InvalidURL) as error:
            if not proxy:
                raise httpx.ConnectError(str(error), request=request) from error
            raise NoWayOutError(
                f"can't be asked: {setting} is no address of a proxy ({error}); correct or unset it"
            ) from None

    def close(self) -> None:
        for way in self._ways.values():
            way.close()


def proxy_for(url: httpx.URL | str) -> tuple[str, str]:
    """The proxy that is set for an address, and the setting that names it, as in "HTTPS_PROXY=http://proxy:8080"; "", "" if none is.

    A password in the setting isn't shown.
    """
    url, proxies = httpx.URL(url), urllib.request.getproxies()
    kind = next((kind for kind in (url.scheme, "all") if proxies.get(kind)), None)
    if kind is None or urllib.request.proxy_bypass(url.netloc.decode("ascii")):
        return "", ""
    value = proxies[kind]
    names = sorted((name for name in os.environ if name.lower() == f"{kind}_proxy"), reverse=True)  # small letters win
    name = next((name for name in names if os.environ[name] == value), None)
    setting = f"{name}={_hidden(value)}" if name else f"the system's proxy {_hidden(value)}"
    return (value if "://" in value else f"http://{value}"), setting


def reason(error: httpx.TransportError, url: str, otherwise: str) -> str:
    """What kept a request for `url` from being answered: a certificate or a proxy; else what `otherwise` says."""
    causes = [error]
    while causes[-1].__cause__ or causes[-1].__context__:
        causes.append(causes[-1].__cause__ or causes[-1].__context__)
    refused = next((cause for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)), None)
    _, setting = proxy_for(url)
    through = f" through the proxy ({setting})" if setting else ""
    if refused:
        named = _trusted()
        advice = (
            f"{named} says which are"
            if named
            else "if this network inspects what you load, set SSL_CERT_FILE to its certificate"
        )
        return f"showed a certificate that isn't trusted here ({refused.verify_message}){through}; {advice}"
    if isinstance(error, httpx.ProxyError):
        return f"could not be reached{through}, which answered {str(error)!r}"
    return otherwise + through


def _certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        keys = os.environ.get("SSLKEYLOGFILE")  # a debugging aid, which Python's TLS obeys wherever it is set
        named = f"SSLKEYLOGFILE={keys}" if keys and getattr(error, "filename", None) == keys else _trusted()
        what = getattr(error, "strerror", None) or error
        advice = f"correct or unset {named}" if named else "run `pip install --force-reinstall certifi`"
        raise NoWayOutError(f"can't be asked: the certificates can't be loaded ({what}); {advice}") from None


def _trusted() -> str:
    """The setting that says which certificates are trusted; "" if it is left to httpx."""
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # the first one that is set counts
    return next((f"{name}={os.environ[name]}" for name in names if os.environ.get(name)), "")


def _hidden(address: str) -> str:
    """An address without name and password."""
    return re.sub(r"^([^/]*//)?.*@", r"\1", address)
