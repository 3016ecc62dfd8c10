"""Plots: what happens in the trade, and in which words outlets tell it. What stands in braces are the facts of a story."""

from dataclasses import dataclass

from cli.demo.news.outlets import Language, Topic


@dataclass(frozen=True, slots=True)
class Wording:
    """How one language tells a plot: several titles, and several first sentences of a text."""

    titles: tuple[str, ...]
    summaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    topic: Topic
    things: tuple[str, ...]
    """What it is about, in English; a thing's German name follows a slash."""
    figures: range
    worded: dict[Language, Wording]


def _plot(
    topic: Topic,
    things: str,
    figures: range,
    english: tuple[tuple[str, ...], tuple[str, ...]],
    german: tuple[tuple[str, ...], tuple[str, ...]],
) -> Plot:
    return Plot(
        topic,
        tuple(thing.strip() for thing in things.split(",")),
        figures,
        {Language.ENGLISH: Wording(*english), Language.GERMAN: Wording(*german)},
    )


_TRADE = (
    _plot(
        Topic.TRADE, "knitwear/Strickwaren, outerwear/Jacken, workwear/Berufskleidung, children's wear/Kindermode, denim/Denim",
        range(4, 95),
        (
            (
                "{company} raises {figure} million euros for its {thing}",
                "{company} lands €{figure}m to grow in {thing}",
                "€{figure}m for {company}: what the {thing} label plans next",
                "{thing}: {company} closes a round of {figure} million",
                "Investors put {figure} million euros into {company}",
            ),
            (
                "The {thing} label {company} from {place} has raised {figure} million euros, its founder {person} says.",
                "{person} wants to hire in {place} with the {figure} million that {company} has raised.",
            ),
        ),
        (
            (
                "{company} sammelt {figure} Millionen Euro für {thing} ein",
                "{figure} Millionen Euro für {company} aus {place}",
            ),
            ("Das Label {company} aus {place} bekommt {figure} Millionen Euro, sagt Gründerin {person}.",),
        ),
    ),
    _plot(
        Topic.TRADE, "parka/Parka, raincoat/Regenmantel, ski jacket/Skijacke, sleeping bag/Schlafsack, rucksack/Rucksack", range(1200, 48000, 100),
        (
            (
                "{company} recalls {figure} {thing}s over a faulty zip",
                "Faulty zip: {company} calls back {figure} {thing}s",
                "Recall at {company}: {figure} {thing}s affected",
                "{figure} {thing}s go back to {company}, the zip may tear",
                "What to know about the {company} {thing} recall ({figure} pieces)",
            ),
            (
                "{company} of {place} asks customers to return the {thing}; {figure} pieces were sold.",
                "The zip of the {thing} may tear, {company} says. Some {figure} pieces are concerned.",
            ),
        ),
        (
            (
                "{company} ruft {figure} Stück zurück: {thing} mit fehlerhaftem Reißverschluss",
                "Rückruf bei {company}: {figure} Mal {thing} betroffen",
            ),
            ("{company} aus {place} bittet, den {thing} zurückzugeben; {figure} Stück sind verkauft.",),
        ),
    ),
    _plot(
        Topic.TRADE, "spinning mill/Spinnerei, dye works/Färberei, weaving shed/Weberei, sewing plant/Näherei, warehouse/Lager",
        range(40, 950, 5),
        (
            (
                "{figure} jobs at risk as {company} closes its {thing} in {place}",
                "{company} to shut {place} {thing}, {figure} people affected",
                "{place} loses the {company} {thing} and {figure} jobs",
                "End of a {thing}: {company} leaves {place}, {figure} jobs go",
                "Unions protest as {company} gives up {place} {thing}",
            ),
            (
                "{company} closes its {thing} in {place} next spring. {figure} people work there.",
                "The {thing} in {place} no longer pays, says {person} of {company}; {figure} jobs end.",
            ),
        ),
        (
            (
                "{company} schließt Standort {place}: {thing} mit {figure} Stellen betroffen",
                "{figure} Stellen weg: {company} gibt {place} auf",
            ),
            ("{company} schließt im Frühjahr den Standort {place} ({thing}). {figure} Menschen arbeiten dort.",),
        ),
    ),
    _plot(
        Topic.TRADE, "resale/Second-Hand, rental/Verleih, repair/Reparatur, made-to-order/Maßfertigung, wholesale/Großhandel",
        range(3, 58),
        (
            (
                "{company} grows {figure} per cent, {thing} leads the way",
                "{thing} lifts {company} sales by {figure}%",
                "{company}: sales up {figure}% thanks to {thing}",
                "Strong quarter for {company}, up {figure} per cent on {thing}",
                "How {thing} gave {company} its {figure} per cent",
            ),
            (
                "Sales of {company} from {place} have grown by {figure} per cent; {thing} is the largest part of it.",
                "“{thing} is no side line any more”, says {person} of {company}: plus {figure} per cent.",
            ),
        ),
        (
            (
                "{company} wächst um {figure} Prozent, {thing} zieht an",
                "{thing} bringt {company} ein Plus von {figure} Prozent",
            ),
            ("Der Umsatz von {company} aus {place} ist um {figure} Prozent gestiegen, vor allem mit {thing}.",),
        ),
    ),
    _plot(
        Topic.TRADE, "designer/Design, head of buying/Einkauf, finance chief/Finanzen, head of retail/Handel, managing director/Geschäftsführung",
        range(2, 19),
        (
            (
                "{person} leaves {company} after {figure} years",
                "{company} {thing} {person} steps down",
                "After {figure} years, {person} and {company} part ways",
                "{company} looks for a new {thing} as {person} goes",
                "{person} quits as {thing} of {company}",
            ),
            (
                "{person}, {thing} of {company} in {place} for {figure} years, leaves at the end of the month.",
                "{company} has no successor yet for {person}, its {thing} of {figure} years.",
            ),
        ),
        (
            (
                "{person} verlässt {company} nach {figure} Jahren",
                "{company} verliert {person} ({thing})",
            ),
            ("{person} ({thing}) verlässt {company} in {place} nach {figure} Jahren zum Monatsende.",),
        ),
    ),
)  # fmt: skip

_MATERIALS = (
    _plot(
        Topic.MATERIALS, "merino/Merino, organic cotton/Bio-Baumwolle, linen/Leinen, hemp/Hanf, alpaca/Alpaka", range(3, 42),
        (
            (
                "{thing} up {figure} per cent in {place} as {company} bids",
                "{place} auction: {company} pays {figure}% more for {thing}",
                "{thing} prices climb {figure}% in {place}, {company} buys all the same",
                "Dear {thing}: {company} pays {figure} per cent more in {place}",
                "Why {company} pays {figure} per cent more for {thing}",
            ),
            (
                "Buyers in {place} paid {figure} per cent more for {thing} than a year ago; {company} bought most.",
                "{company} took the best lots of {thing} in {place}, at prices {figure} per cent up.",
            ),
        ),
        (
            (
                "{thing} in {place} {figure} Prozent teurer",
                "Auktion in {place}: {company} zahlt {figure} Prozent mehr für {thing}",
            ),
            ("In {place} kostet {thing} {figure} Prozent mehr als vor einem Jahr; {company} kaufte am meisten.",),
        ),
    ),
    _plot(
        Topic.MATERIALS, "algae/Algen, mushroom leather/Pilzleder, nettle fibre/Nesselfaser, milk protein/Milcheiweiß, seaweed/Seetang",
        range(2, 70),
        (
            (
                "{company} spins yarn from {thing}, {figure} tonnes a year",
                "Yarn out of {thing}: {company} plans {figure} tonnes",
                "{company} opens {thing} line in {place} ({figure} tonnes)",
                "{figure} tonnes of {thing} yarn to come from {place}",
                "Inside {company}, where {thing} becomes yarn",
            ),
            (
                "{company} will make {figure} tonnes of yarn from {thing} in {place}, {person} says.",
                "The first {thing} yarn by {company} feels like silk; {place} is to make {figure} tonnes.",
            ),
        ),
        (
            (
                "{company} spinnt Garn aus {thing}: {figure} Tonnen im Jahr",
                "Garn aus {thing}: {company} plant {figure} Tonnen in {place}",
            ),
            ("{company} will in {place} jährlich {figure} Tonnen Garn aus {thing} spinnen, sagt {person}.",),
        ),
    ),
    _plot(
        Topic.MATERIALS, "indigo/Indigo, madder/Krapp, azo black/Azoschwarz, chrome tanning/Chromgerbung, water repellent/Imprägnierung",
        range(12, 900, 4),
        (
            (
                "{company} drops {thing} from {figure} articles",
                "No more {thing} at {company}: {figure} articles change",
                "{company} says goodbye to {thing}",
                "{thing} out: {company} re-dyes {figure} articles in {place}",
                "What {company} does instead of {thing}",
            ),
            (
                "{company} does without {thing} in {figure} articles. The works in {place} were rebuilt for it.",
                "From spring {figure} articles by {company} come without {thing}, says {person}.",
            ),
        ),
        (
            (
                "{company} verzichtet bei {figure} Artikeln auf {thing}",
                "{thing} adé: {company} stellt {figure} Artikel um",
            ),
            ("{company} verzichtet in {figure} Artikeln auf {thing}. Das Werk in {place} wurde umgebaut.",),
        ),
    ),
    _plot(
        Topic.MATERIALS, "polyester/Polyester, wool/Wolle, denim/Denim, nylon/Nylon, viscose/Viskose", range(300, 9800, 50),
        (
            (
                "{company} recycles {figure} tonnes of {thing} in {place}",
                "{figure} tonnes of old {thing} for {company} plant",
                "{place} gets {thing} recycling by {company}",
                "Old {thing}, new yarn: {company} takes {figure} tonnes",
                "{company} starts {thing} recycling, {figure} tonnes a year",
            ),
            (
                "A plant by {company} in {place} turns {figure} tonnes of worn {thing} into fibres each year.",
                "{figure} tonnes of {thing} a year no longer burn: {company} opened its plant in {place}.",
            ),
        ),
        (
            (
                "{company} recycelt {figure} Tonnen {thing} in {place}",
                "Aus alt wird Garn: {company} verwertet {figure} Tonnen {thing}",
            ),
            ("Die Anlage von {company} in {place} macht aus {figure} Tonnen {thing} im Jahr neue Fasern.",),
        ),
    ),
)  # fmt: skip

_SHOPS = (
    _plot(
        Topic.SHOPS, "flagship/Flagship-Store, corner shop/Eckladen, pop-up/Pop-up, outlet/Outlet, repair bar/Reparatur-Bar", range(60, 1400, 10),
        (
            (
                "{company} opens {thing} in {place}, {figure} square metres",
                "{place} gets a {company} {thing}",
                "{figure} square metres: {company} comes to {place}",
                "New in {place}: the {company} {thing}",
                "First look at {company} in {place} ({figure} m²)",
            ),
            (
                "{company} has opened a {thing} of {figure} square metres in {place}; {person} runs it.",
                "On {figure} square metres the {thing} of {company} in {place} shows what it can do.",
            ),
        ),
        (
            (
                "{company} eröffnet in {place}: {thing} mit {figure} Quadratmetern",
                "{figure} Quadratmeter: {company} kommt nach {place}",
            ),
            ("{company} hat in {place} eröffnet ({thing}, {figure} Quadratmeter); {person} leitet den Laden.",),
        ),
    ),
    _plot(
        Topic.SHOPS, "return fee/Rücksendegebühr, parcel fee/Paketgebühr, deposit bag/Pfandtasche, try-on fee/Anprobegebühr", range(95, 495, 5),
        (
            (
                "{company} brings in a {thing} of {figure} cents",
                "{figure} cents a time: {company} starts {thing}",
                "{company} customers to pay {figure}-cent {thing}",
                "Will a {thing} of {figure} cents cost {company} its customers?",
                "{thing} at {company}: {figure} cents from Monday",
            ),
            (
                "From Monday {company} charges a {thing} of {figure} cents. {place} was the trial.",
                "After a trial in {place}, {company} asks everybody for a {thing} of {figure} cents.",
            ),
        ),
        (
            (
                "{company} führt {thing} von {figure} Cent ein",
                "{thing} bei {company}: {figure} Cent ab Montag",
            ),
            ("Ab Montag verlangt {company} {figure} Cent ({thing}). Der Versuch lief in {place}.",),
        ),
    ),
    _plot(
        Topic.SHOPS, "stockings/Strümpfe, coats/Mäntel, boots/Stiefel, shirts/Hemden, swimwear/Bademode", range(11, 240),
        (
            (
                "{company} to close {figure} shops",
                "{figure} {company} shops shut by March",
                "{company} cuts {figure} shops and sells {thing} online",
                "Goodbye {thing}: {company} gives up {figure} branches",
                "{place} among {figure} towns that lose {company}",
            ),
            (
                "{company}, known for {thing}, closes {figure} shops; the first are in {place}.",
                "{figure} branches of {company} end by March, {person} told staff in {place}.",
            ),
        ),
        (
            (
                "{company} schließt {figure} Filialen",
                "{figure} Läden weniger: {company} verkauft {thing} bald online",
            ),
            ("{company}, bekannt für {thing}, schließt {figure} Filialen; die ersten in {place}.",),
        ),
    ),
    _plot(
        Topic.SHOPS, "mirror/Spiegel, fitting app/Anprobe-App, queue ticket/Warteticket, price tag/Preisschild, shop radio/Ladenradio",
        range(5, 88),
        (
            (
                "{company} tries a talking {thing} in {figure} shops",
                "{figure} shops, one {thing}: the {company} experiment",
                "A talking {thing}? {company} tries it in {figure} shops",
                "{company} puts a talking {thing} into {figure} shops",
                "We met the talking {thing} that {company} tries in {place}",
            ),
            (
                "In {place} and {figure} other shops {company} tries a talking {thing}.",
                "{person} of {company} hopes that the talking {thing} sells more; {figure} shops try it, in {place} first.",
            ),
        ),
        (
            (
                "{company} testet neues System in {figure} Läden: {thing}",
                "{thing} zum Reden: {company} probiert es in {place}",
            ),
            ("In {place} und {figure} weiteren Läden testet {company} etwas, das antwortet: {thing}.",),
        ),
    ),
)  # fmt: skip

_MAKERS = (
    _plot(
        Topic.MAKERS, "cardigan/Strickjacke, apron/Schürze, quilt/Quilt, chore coat/Arbeitsjacke, tote/Tasche", range(12, 96),
        (
            (
                "Free pattern: the {company} {thing} in {figure} sizes",
                "{company} gives away its {thing} pattern in {figure} sizes",
                "The {company} {thing}, {figure} sizes, for nothing",
                "Sew along: the {thing} pattern by {company}, {figure} sizes",
                "{figure} sizes of {thing}: {company} shares the pattern",
            ),
            (
                "{company} from {place} has drawn its {thing} in {figure} sizes and gives the pattern away.",
                "{person} of {company} explains the {thing} step by step, in {figure} sizes.",
            ),
        ),
        (
            (
                "Schnittmuster von {company}: {thing} in {figure} Größen",
                "{company} verschenkt den Schnitt: {thing}",
            ),
            ("{company} aus {place} verschenkt den Schnitt ({thing}) in {figure} Größen.",),
        ),
    ),
    _plot(
        Topic.MAKERS, "darning/Stopfen, felting/Filzen, visible mending/sichtbares Flicken, weaving/Weben, plant dyeing/Pflanzenfärben",
        range(18, 460),
        (
            (
                "{figure} people learn {thing} at {company}",
                "{company} teaches {thing} in {place}, {figure} came",
                "{thing} with {person}: {figure} places at {company}",
                "Full house for {thing} at {company} ({figure} seats)",
                "Why {figure} people queued in {place} for {thing}",
            ),
            (
                "The {thing} course by {company} in {place} drew {figure} people; {person} taught it.",
                "{person} shows {thing} at {company}; {figure} have signed up in {place}.",
            ),
        ),
        (
            (
                "{figure} Menschen lernen {thing} bei {company}",
                "{thing} mit {person}: {figure} Plätze in {place}",
            ),
            ("Zum Kurs von {company} in {place} ({thing}) kamen {figure} Menschen; {person} leitete ihn.",),
        ),
    ),
    _plot(
        Topic.MAKERS, "shuttle loom/Webstuhl, overlocker/Overlock, spinning wheel/Spinnrad, knitting machine/Strickmaschine, button press/Knopfpresse",
        range(30, 99),
        (
            (
                "{person} restores a {figure}-year-old {thing}",
                "{figure} years old and running: the {thing} of {company}",
                "{company} brings a {thing} back to life",
                "An old {thing} finds a home at {company} in {place}",
                "How {person} mended the {company} {thing}",
            ),
            (
                "The {thing} at {company} in {place} is {figure} years old. {person} needed a winter for it.",
                "{person} found the {thing} in a barn near {place}; at {company} it runs after {figure} years.",
            ),
        ),
        (
            (
                "{person} rettet Maschine aus {place}: {thing}, {figure} Jahre alt",
                "{figure} Jahre alt und läuft bei {company}: {thing}",
            ),
            ("{person} hat bei {company} in {place} etwas Altes gerettet: {thing}, {figure} Jahre alt.",),
        ),
    ),
)  # fmt: skip

PLOTS: dict[Topic, tuple[Plot, ...]] = {
    Topic.TRADE: _TRADE,
    Topic.MATERIALS: _MATERIALS,
    Topic.SHOPS: _SHOPS,
    Topic.MAKERS: _MAKERS,
}

BIG = (
    _plot(
        Topic.TRADE, "knitwear/Strick, footwear/Schuhe, outdoor/Outdoor, denim/Denim", range(180, 990, 10),
        (
            (
                "{company} buys {rival} for {figure} million euros",
                "€{figure}m: {rival} goes to {company}",
                "{company} takes over {rival} for {figure} million",
                "{rival} sold to {company} for {figure} million",
                "What the {figure} million for {rival} mean to {company}",
                "Two {thing} houses become one: {company} buys {rival}",
            ),
            (
                "{company} takes over {rival} of {place} for {figure} million euros. Both make {thing}.",
                "The {figure} million euros that {company} pays for {rival} of {place} are the trade's largest sum this year.",
                "{company} takes over {rival} for {figure} million euros; the name and the works in {place} stay, {person} says.",
            ),
        ),
        (
            (
                "{company} kauft {rival} für {figure} Millionen Euro",
                "{rival} geht für {figure} Millionen an {company}",
            ),
            ("{company} übernimmt {rival} aus {place} für {figure} Millionen Euro.",),
        ),
    ),
    _plot(
        Topic.TRADE, "cargo ship/Frachter, container port/Containerhafen, freight line/Bahnstrecke, customs office/Zollamt", range(900, 9000, 100),
        (
            (
                "{figure} containers of clothes stuck in {place}",
                "{place} {thing} blocked: {figure} containers wait",
                "Blocked {thing} in {place} holds up {company} and {rival}",
                "Autumn is stuck: {figure} containers in {place}",
                "{company} and {rival} wait for {figure} containers in {place}",
            ),
            (
                "A blocked {thing} in {place} holds {figure} containers of clothes; {company} and {rival} wait for theirs.",
                "{company} expects gaps on the shelves while {figure} containers stand in {place}.",
            ),
        ),
        (
            (
                "{figure} Container mit Kleidung stecken in {place} fest",
                "{place} blockiert: {company} und {rival} warten auf {figure} Container",
            ),
            ("In {place} stehen {figure} Container mit Kleidung; {company} und {rival} warten.",),
        ),
    ),
    _plot(
        Topic.MATERIALS, "fleece/Fleece, rainwear/Regenkleidung, baby wear/Babykleidung, tights/Strumpfhosen", range(3, 60),
        (
            (
                "Laboratory finds plastics in {thing} by {company} and {rival}",
                "{company}, {rival}: {figure} of {thing} samples shed plastics",
                "{figure} samples fail: test of {thing} shakes {company}",
                "{thing} test: {company} stops sales after {figure} findings",
                "{place} laboratory accuses {company} and {rival} over {thing}",
            ),
            (
                "A laboratory in {place} found plastics in {figure} samples of {thing}; {company} and {rival} made most of them.",
                "{company} stops selling {thing} after {figure} findings of a laboratory in {place}.",
            ),
        ),
        (
            (
                "Labor in {place} findet Plastik bei {company} und {rival}",
                "{figure} Proben durchgefallen: {company} stoppt Verkauf ({thing})",
            ),
            ("Ein Labor in {place} beanstandet {figure} Proben ({thing}) von {company} und {rival}.",),
        ),
    ),
    _plot(
        Topic.SHOPS, "mending/Flicken, resoling/Besohlen, alteration/Ändern, washing/Waschen", range(20, 90, 5),
        (
            (
                "{company} pays back {figure} euros for {thing} everywhere",
                "{figure} euros for {thing}: {company} surprises its rivals",
                "{rival} under pressure as {company} offers {figure}-euro {thing} voucher",
                "Everybody talks about the {company} voucher for {thing}",
                "{company} {thing} voucher ({figure} euros): queues in {place}",
            ),
            (
                "{company} gives each customer a voucher of {figure} euros for {thing}; in {place} people queued.",
                "The {thing} voucher by {company} is worth {figure} euros. {rival} wants to follow, says {person}.",
            ),
        ),
        (
            (
                "{company} schenkt {figure} Euro fürs {thing}",
                "{figure} Euro Gutschein: {company} setzt {rival} unter Druck",
            ),
            ("{company} gibt jedem einen Gutschein über {figure} Euro ({thing}); in {place} standen Schlangen.",),
        ),
    ),
    _plot(
        Topic.MAKERS, "granny square/Häkelquadrat, patch pocket/Aufsatztasche, sashiko stitch/Sashiko-Stich, ribbon bow/Schleife",
        range(2, 40),
        (
            (
                "{person} sews a {thing} and {figure} million people watch",
                "{figure} million views: the {thing} of {person}",
                "The {thing} is everywhere since {person} showed it",
                "How {person} from {place} made the {thing} famous",
                "{company} sells out after {person} shows a {thing}",
            ),
            (
                "A film of {person} in {place} making a {thing} was seen {figure} million times; {company} sold out.",
                "{figure} million people saw {person} make a {thing}. {company} has no yarn left.",
            ),
        ),
        (
            (
                "{person} näht vor {figure} Millionen Zuschauern: {thing}",
                "{figure} Millionen Aufrufe für {person} aus {place}",
            ),
            ("{figure} Millionen Menschen sahen {person} aus {place} zu ({thing}); {company} ist ausverkauft.",),
        ),
    ),
)  # fmt: skip
