"""Addresses: one page has one, however senders, networks, telephones and encodings have dressed the link."""

import re
from urllib.parse import parse_qsl, urlencode

import ada_url

LONGEST_LINK = 8_192

# What senders, networks and share buttons add to a link; it never decides which page is shown. Names that choose a
# page somewhere (id, p, v, page, q, article, cid, ref …) are not here.
TRACKING_PARAMETER = re.compile(
    r"""
    utm\w* | mtm_\w+ | pk_\w+ | piwik_\w+ | matomo_\w+ | hsa_\w+ | mc_[ce]id | ml_subscriber\w* | mkt_tok | mp_cid
    | _?hs(?:enc|mi|ctatracking) | __hs\w+ | __s | _bta_\w+ | elq\w* | emci | emdi | ceid | vero_\w+ | oly_\w+_id
    | ga_\w+ | _ga | _gl | gclid | gclsrc | gad_\w+ | gbraid | wbraid | dclid | srsltid | _openstat | ysclid | yclid
    | fbclid | fb_(?:action|source|ref)\w* | mibextid | msclkid | ttclid | twclid | li_fat_id | igshid? | epik | rdt_cid
    | __twitter_impression | _branch_match_id | wickedid | vgo_ee | s_cid | s_kwcid | cmpid | cmp | ncid | icid | intcmp
    | ns_\w+ | at_(?:medium|campaign|link|ptr|bbc)\w* | wt[._]z?mc\w* | xtor | smid | smtyp | soc_\w+ | sr_share | ito
    | sc_(?:campaign|channel|content|medium|outcome|geo|country)\w* | spm | scm | trk | trkcampaign | tpcc | guccounter
    | guce_referrer\w* | ref_src | ref_url | rss | share(?:d|id|_id)? | action_(?:object|type|ref)_map
    """,
    re.VERBOSE | re.IGNORECASE,
)
# These choose a page on some sites; with such a value they say where the reader came from.
ORIGIN_PARAMETER = re.compile(
    r"ref|referr?er|source|src|from|via|mod|origin|partner|medium|channel", re.IGNORECASE
)
ORIGIN = re.compile(
    r"(?:rss|atom|feed|twitter|facebook|linkedin|reddit|whatsapp|telegram|hackernews|producthunt|newsletter|e?mail|social)"
    r"(?:[_.-]\w+)*",
    re.IGNORECASE,
)
AMP_PARAMETER = re.compile(r"amp|_amp|usqp|amp_js_v|amp_gsa", re.IGNORECASE)
AMP_OUTPUT = re.compile(r"output(?:type)?|format|view", re.IGNORECASE)

HOST_PREFIX = re.compile(r"^(?:(?:www\d?|m|mobile|amp)\.)+(?=[^.]+\.)")
MOBILE_LANGUAGE = re.compile(r"^([a-z]{2,3})\.m\.(?=[^.]+\.)")
SLASHES = re.compile(r"/{2,}")
AMP_BEGIN = re.compile(r"^(?:/amp)+(?=/)", re.IGNORECASE)
AMP_SUFFIX = re.compile(r"(?:\.amp)+(?=\.html?(?:/|$))", re.IGNORECASE)
PATH_END = re.compile(r"(?:/|/amp|\.amp|/index\.(?:html?|php|aspx?))+$", re.IGNORECASE)
ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
LITERAL_RUN = re.compile(r"(?<![%A-Za-z0-9_-])[A-Za-z0-9_-]+")
HOST_AND_PORT = re.compile(r"(.*?)(?::(\d+))?")
DEFAULT_PORTS = {None, "80", "443"}

# Redirects whose target stands in the link itself: host, path, and the parameters that may hold it.
WRAPPERS = [
    (re.compile(r"(?:news\.)?google\.[a-z.]{2,6}"), re.compile(r"/(?:news/)?url"), ("q", "url")),
    (re.compile(r"lm?\.(?:facebook|instagram)\.com"), re.compile(r"/(?:l\.php)?"), ("u",)),
    (re.compile(r"out\.reddit\.com"), re.compile(r"/\w*"), ("url",)),
    (re.compile(r"t\.umblr\.com"), re.compile(r"/redirect"), ("z",)),
    (re.compile(r"slack-redir\.net"), re.compile(r"/link"), ("url",)),
    (re.compile(r"getpocket\.com"), re.compile(r"/redirect"), ("url",)),
    (re.compile(r"(?:away\.)?vk\.com"), re.compile(r"/away(?:\.php)?"), ("to",)),
]
# The AMP caches name the page in their own path, with "s/" where it was encrypted.
AMP_CACHE_HOST = re.compile(r"[a-z0-9-]+\.cdn\.ampproject\.org|google\.[a-z.]{2,6}")
AMP_CACHE_PATH = re.compile(r"/(?:amp|c|v)/(?:s/)?([^/]+\.[^/]+/.+)")
REDIRECTING_HOST = re.compile(
    "|".join(host.pattern for host in (AMP_CACHE_HOST, *(hosts for hosts, _, _ in WRAPPERS)))
)


def canonical(link: str) -> str:
    """The page's address without scheme; empty for a site's front page and for what is no web address."""
    address, target = _read(link)
    while target:
        # A target is a part of what wraps it, so that each is shorter than the last.
        address, target = _read(target)
    return address


def literal_runs(address: str) -> list[str]:
    """The parts of an address below its host that stand in every link to it as they are, unless that has a %."""
    return LITERAL_RUN.findall(address.partition("/")[2] or address.partition("?")[2])


def _read(link: str) -> tuple[str, str]:
    """The address, or the link that it only wraps."""
    if not link or len(link) > LONGEST_LINK:
        return "", ""
    try:
        scheme, _, rest = ada_url.normalize_url(link).partition("://")
    except ValueError:
        return "", ""
    if scheme not in {"http", "https"}:
        return "", ""
    # What a browser has read needs no parser any more: each part ends where the next one's sign stands.
    rest, _, search = rest.partition("#")[0].partition("?")
    authority, _, pathname = rest.partition("/")
    hostname, port = HOST_AND_PORT.fullmatch(authority.rpartition("@")[2]).groups()  # pyright: ignore[reportOptionalMemberAccess]
    host, pathname = _host(hostname), f"/{pathname}"
    query = parse_qsl(search, keep_blank_values=True, errors="surrogateescape") if search else []
    if REDIRECTING_HOST.fullmatch(host) and (target := _wrapped(host, pathname, query)):
        return "", target
    path = _path(pathname)
    kept = sorted(pair for pair in query if not _is_dressing(*pair))
    if not host or not (path or kept):
        return "", ""
    site = host if port in DEFAULT_PORTS else f"{host}:{port}"
    return f"{site}{path}?{urlencode(kept, errors='surrogateescape')}" if kept else f"{site}{path}", ""


def _host(hostname: str) -> str:
    host = MOBILE_LANGUAGE.sub(r"\1.", hostname.rstrip("."))
    return HOST_PREFIX.sub("", host)


def _path(pathname: str) -> str:
    """The path in one spelling, without what asks for its light-weight version."""
    path = ESCAPE.sub(_spelt, pathname) if "%" in pathname else pathname
    path = SLASHES.sub("/", path)
    if "amp" in path.casefold():
        path = AMP_SUFFIX.sub("", AMP_BEGIN.sub("", path))
    return PATH_END.sub("", path)


def _spelt(escape: re.Match[str]) -> str:
    byte = int(escape[1], 16)
    return chr(byte) if byte in UNRESERVED else f"%{byte:02X}"


def _is_dressing(name: str, value: str) -> bool:
    """Whether a parameter only says where a reader came from, or asks for the light-weight version."""
    return bool(
        TRACKING_PARAMETER.fullmatch(name)
        or AMP_PARAMETER.fullmatch(name)
        or (ORIGIN_PARAMETER.fullmatch(name) and ORIGIN.fullmatch(value))
        or (AMP_OUTPUT.fullmatch(name) and value.casefold() == "amp")
    )


def _wrapped(host: str, path: str, query: list[tuple[str, str]]) -> str:
    """The link inside a redirect of a network that is known to name it, or nothing."""
    if AMP_CACHE_HOST.fullmatch(host) and (page := AMP_CACHE_PATH.fullmatch(path)):
        return f"https://{page[1]}"
    for hosts, paths, names in WRAPPERS:
        if hosts.fullmatch(host) and paths.fullmatch(path):
            return next(
                (v for name, v in query if name in names and v.startswith(("http://", "https://"))), ""
            )
    return ""
