"""Names: the companies, places and people of the invented trade."""

from random import Random

_FIRST_HALVES = (
    "Halm", "Varn", "Brook", "Ketten", "Linn", "Marsch", "Oster", "Tarn", "Wren", "Hasel", "Birk", "Fenn", "Holm",
    "Ilm", "Jarrow", "Kiel", "Lark", "Moor", "Nord", "Pell", "Quin", "Rook", "Sommer", "Thorn", "Ulmen", "Vester",
    "Winder", "Yar", "Zeder", "Alder", "Cray", "Dorn", "Elster", "Farn", "Ginster", "Heron",
)  # fmt: skip
_SECOND_HALVES = (
    "loom", "werk", "stich", "field", "garn", "hem", "wick", "knit", "weave", "tuch", "ley", "coat", "faden", "ford",
    "seam", "haus",
)  # fmt: skip
_PLACES = (
    "Leipzig", "Lyon", "Leeds", "Porto", "Prato", "Ghent", "Aachen", "Bradford", "Chemnitz", "Łódź", "Borås", "Biella",
    "Galashiels", "Plauen", "Tilburg", "Guimarães", "Roubaix", "Dundee", "Krefeld", "Turku", "Graz", "Kilkenny",
    "Aarhus", "Brno", "Terrassa", "Nottingham", "Münster", "Rostock", "Bergen", "Lübeck",
)  # fmt: skip
_FIRST_NAMES = (
    "Ada", "Bente", "Clara", "Dilan", "Edda", "Femi", "Greta", "Hanno", "Ines", "Jonas", "Katja", "Lev", "Mira", "Nuno",
    "Oda", "Piet", "Rosa", "Sven", "Tamsin", "Ulla", "Vera", "Wim", "Yusuf", "Zoe",
)  # fmt: skip
_LAST_NAMES = (
    "Abel", "Brandt", "Calder", "Duarte", "Ebbers", "Fogarty", "Grau", "Haddad", "Iversen", "Jansen", "Kowal",
    "Lindqvist", "Marlow", "Novak", "Okoro", "Petersen", "Quist", "Rossi", "Sander", "Thorpe", "Urban", "Vogt",
    "Whitlow", "Zeman",
)  # fmt: skip


def company(chance: Random) -> str:
    return chance.choice(_FIRST_HALVES) + chance.choice(_SECOND_HALVES)


def person(chance: Random) -> str:
    return f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}"


def place(chance: Random) -> str:
    return chance.choice(_PLACES)
