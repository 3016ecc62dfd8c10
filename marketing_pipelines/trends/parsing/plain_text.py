"""Plain text: what a reader would show of a stranger's markup, and nothing that a store refuses."""

import html
import re
import unicodedata

# What lies far beyond the length is not even cleaned: a megabyte of title costs no megabyte's work.
MARKUP_A_CHARACTER = 20
TAG = re.compile(r"<(?=[a-zA-Z/!?])")
# A name that HTML has not is text: "List<String> explained".
NO_TAG = re.compile(
    r"<(?!/?(?:a|abbr|acronym|address|applet|area|article|aside|audio|b|base|bdi|bdo|big|blink|blockquote|body|br|button|canvas"
    r"|caption|center|cite|code|col|colgroup|data|datalist|dd|del|details|dfn|dialog|dir|div|dl|dt|em|embed|fieldset"
    r"|figcaption|figure|font|footer|form|frame|frameset|h[1-6]|head|header|hgroup|hr|html|i|iframe|img|input|ins|kbd"
    r"|label|legend|li|link|main|map|mark|marquee|math|menu|meta|meter|nav|nobr|noscript|object|ol|optgroup|option|output"
    r"|p|param|path|picture|pre|progress|q|rp|rt|ruby|s|samp|script|section|select|small|source|span|strike|strong|style"
    r"|sub|summary|sup|svg|table|tbody|td|template|textarea|tfoot|th|thead|time|title|tr|track|tt|u|ul|var|video|wbr"
    r"|[a-z]+[:-][a-z:-]+)(?=[\s/>]|$)|!|\?)",
    re.IGNORECASE,
)
TWICE_ESCAPED = re.compile(r"&(?:#\d{2,7}|#x[0-9a-f]{2,6}|[a-z]{2,8});", re.IGNORECASE)
INLINE_MARKUP = re.compile(
    r"</(?:a|b|i|em|strong|p|span|div|u|sup|sub|code|h[1-6]|li|script)>|<br\s?/?>", re.IGNORECASE
)


def headline(markup: str, longest: int) -> str:
    """The same for what is text more often than markup: names in angle brackets that HTML does not know stay."""
    return plain(
        NO_TAG.sub("&lt;", markup[: longest * MARKUP_A_CHARACTER]) if "<" in markup else markup, longest
    )


def plain(markup: str, longest: int) -> str:
    """Text without markup, scripts, control characters or runs of blanks, cut to a length.

    What was escaped twice is resolved twice.
    """
    text = _without_markup(markup[: longest * MARKUP_A_CHARACTER])
    if TWICE_ESCAPED.search(text) or INLINE_MARKUP.search(text):
        text = _without_markup(text)
    words = " ".join(printable(text).split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def _without_markup(markup: str) -> str:
    if TAG.search(markup):
        import nh3

        markup = nh3.clean(printable(markup), tags=set())
    return html.unescape(markup) if "&" in markup else markup


def printable(text: str) -> str:
    """Without lone surrogates and control characters, which neither store takes."""
    if text.isprintable():
        return text
    valid = text.encode("utf-8", "replace").decode()
    return "".join(
        character
        for character in valid
        if character.isprintable() or character in "\t\n\r" or unicodedata.category(character) != "Cc"
    )


def bare_words(text: str) -> str:
    """A text's letters and digits, so that quotes, dashes and capitals make no other text."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
