"""Words: what a title and a summary say, in whichever language, as a matrix of texts and terms.

Words are folded until their spellings agree, and no further. Numbers stay, since they tell one quarter from the next.
Scripts that write no blanks between words, and Hangul, whose words change at their ends, are read two signs at a time.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

# Beyond these many signs a text is not read: what it tells has been said, and no feed decides how long a run takes.
TITLE_READ = 300
SUMMARY_READ = 240
# Names and figures tell events of one kind apart, and a summary has more words than it has news.
FACT_WEIGHT = 1.75
SUMMARY_WEIGHT = 0.5
MOST_WEIGHT = 2.0

# What outlets add: their own name behind the title, and a line that their software writes below the text.
OUTLET = r"\s+[|·–—-]\s+[^\s\p{Nd}]+(?:\s+[^\s\p{Nd}]+){0,3}$"
WRITTEN_BY_SOFTWARE = r"(?i)\bthe post\b.{0,300}\bappeared first on\b.*$"

UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
# A number, a run of signs without blanks, or a word that begins with no digit: 45M is 45 and M, Q2 is Q2.
WORD = rf"\p{{Nd}}+(?:[.,]\p{{Nd}}+)*|[{UNSPACED}]+|[\w&&[^{UNSPACED}\p{{Nd}}]][\w&&[^{UNSPACED}]]*"
BEGINS_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
THOUSANDS = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
CYRILLIC_ENDING = re.compile(r"(?<=[а-я]{3})(?:[аеийоуыьэюя]+[мхв]?и?|[оеа][мв])$")
ARABIC_ARTICLE = re.compile(r"^[وبلفك]?ال(?=\w{3})")
ARABIC_SPELLINGS = str.maketrans("أإآىة", "اااي\u0647", "\u0640")
# What an apostrophe or an elision leaves of a word, and how a figure is shortened.
REMNANTS = frozenset(["s", "l", "d", "n", "j", "c", "qu", "t", "ll", "re", "ve", "k", "m", "mn", "b", "bn"])

STOP_WORDS = {
    "en": "a about after all also an and are as at be been but by can could for from had has have he her his how i if in into is it "
    "its more new no not of on one or our out over says said she so some than that the their them then there these they this to up "
    "was we were what when which who why will with would you your",
    "de": "aber als am an auch auf aus bei bis das dass dem den der des die ein eine einem einen einer eines er es für hat im in ist "
    "mit nach nicht noch nun nur oder sein sich sie sind so über um und unter vom von vor war was wie wird zu zum zur",
    "fr": "à au aux avec ce ces cette comme dans de des du elle en est et il ils la le les leur mais ne nous ou où par pas plus pour "
    "que qui sa se ses son sont sur un une vers",
    "es": "a al así como con de del desde el ella en entre es esta este fue ha la las lo los más no o para pero por que se sin sobre "
    "su sus también un una y ya",
    "it": "a ai al alla anche che come con da dal del della delle di e è gli ha i il in la le lo ma nel nella non o per più sono su "
    "sul un una",
    "pt": "a ao aos as com como da das de do dos e em entre é foi mais mas na nas no nos o os ou para pela pelo por que se sem sobre "
    "sua um uma",
    "ru": "а без бы в во для до его ее если же за и из или их к как ко ли на не но о об он она они от по при с со так также то у уже "
    "что это",
    "ar": "من في على إلى عن مع هذا هذه ذلك التي الذي أن إن كان كانت ما لا لم لن قد أو ثم بعد قبل بين كل",
}  # fmt: skip


def terms_of(word: str) -> list[str]:
    """The terms that a word stands for: mostly one; none for what is left of an elision."""
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word)
    word = word.casefold()
    if word[:1].isdecimal():
        return [_number(word)]
    if BEGINS_UNSPACED.match(word):
        return [word[at : at + 2] for at in range(max(len(word) - 1, 1))]
    if word in REMNANTS:
        return []
    return [_stem(word)] if word else []


def _number(word: str) -> str:
    """4,2 and 4.2 are one number, and so are 60,000 and 60.000 and 60000; digits of any script count."""
    digits = "".join(sign if sign in ",." else str(unicodedata.decimal(sign, sign)) for sign in word)
    if THOUSANDS.fullmatch(digits):
        return digits.replace(",", "").replace(".", "")
    return digits.replace(",", ".")


def _stem(word: str) -> str:
    """A word without its commonest endings; only what several languages can bear."""
    if word.isascii():
        if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            return f"{word[:-3]}y" if word.endswith("ies") else word[:-1]
        return word
    if "а" <= word[0] <= "я":
        return CYRILLIC_ENDING.sub("", word)
    if "\u0600" <= word[0] <= "\u06ff":
        bare = "".join(sign for sign in word if not unicodedata.combining(sign))
        return ARABIC_ARTICLE.sub("", bare.translate(ARABIC_SPELLINGS))
    return word


def matrix(texts: pl.DataFrame) -> csr_array:
    """How much each text (`title`, `summary`, `language`) is about each term: 1, or less where only its summary says it."""
    import polars as pl
    from scipy.sparse import coo_array

    said = texts.select(
        title=pl.col("title").str.slice(0, TITLE_READ).str.replace(OUTLET, "").str.extract_all(WORD),
        summary=pl.col("summary")
        .str.slice(0, SUMMARY_READ)
        .str.replace(WRITTEN_BY_SOFTWARE, "")
        .str.extract_all(WORD),
    )
    (rows, found), in_summary = _spread(said["title"]), _spread(said["summary"])
    weights = np.ones(len(rows), np.float32), np.full(len(in_summary[0]), SUMMARY_WEIGHT, np.float32)
    rows, weight = np.concatenate([rows, in_summary[0]]), np.concatenate(weights)
    codes, words = _numbered(found.append(in_summary[1]))
    weight *= np.array([_emphasis(word) for word in words], np.float32)[codes]
    rows, weight, terms, known = _as_terms(rows, weight, codes, words)
    kept = ~_is_stop_word(texts["language"], rows, terms, known)
    told = coo_array((weight[kept], (rows[kept], terms[kept])), shape=(len(texts), len(known))).tocsr()
    np.minimum(told.data, MOST_WEIGHT, out=told.data)
    return told


def _emphasis(word: str) -> float:
    return FACT_WEIGHT if word[0].isdecimal() or word[0].isupper() else 1.0


def _spread(lists: pl.Series) -> tuple[NDArray[np.int32], pl.Series]:
    """Each word with the number of its text."""
    import polars as pl

    lengths = lists.list.len()
    rows = np.repeat(np.arange(len(lists), dtype=np.int32), lengths.to_numpy())
    return rows, lists.filter(lengths > 0).explode().cast(pl.String)


def _numbered(words: pl.Series) -> tuple[NDArray[np.int32], list[str]]:
    """Each word as a number, and the word of each number."""
    encoded = words.to_arrow().dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def _as_terms(
    rows: NDArray[np.int32], weight: NDArray[np.float32], codes: NDArray[np.int32], words: list[str]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], dict[str, int]]:
    """Words become terms, each different word being looked at once, and each different term gets a number."""
    known: dict[str, int] = {}
    terms = [[known.setdefault(term, len(known)) for term in terms_of(word)] for word in words]
    many = np.array([len(each) for each in terms], np.int32)
    flat = np.array([term for each in terms for term in each], np.int32)
    begins = np.cumsum(many) - many
    repeats = many[codes]
    within = np.arange(repeats.sum(), dtype=np.int32) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return (
        np.repeat(rows, repeats),
        np.repeat(weight, repeats),
        flat[np.repeat(begins[codes], repeats) + within],
        known,
    )


def _is_stop_word(
    languages: pl.Series, rows: NDArray[np.int32], terms: NDArray[np.int32], known: dict[str, int]
) -> NDArray[np.bool]:
    """Which terms only hold a sentence together, in the language that their text states; elsewhere how common they are tells."""
    order = list(STOP_WORDS)
    stop = np.zeros((len(order) + 1, len(known)), bool)
    for number, language in enumerate(order):
        held = {term for word in STOP_WORDS[language].split() for term in terms_of(word)}
        stop[number, [known[term] for term in held if term in known]] = True
    stated = languages.str.slice(0, 2).str.to_lowercase()
    which = stated.replace_strict(order, range(len(order)), default=len(order))
    return stop[which.to_numpy()[rows], terms]
