"""How outlets word what happens: kinds of events, each with several titles and first sentences, by language."""

from typing import NamedTuple


class Kind(NamedTuple):
    titles: list[str]
    summaries: list[str]


BYLINES = ["Daily", "Wire", "Times", "Post", "Review", "Insider", "Today", "Journal", "News", "Tech"]
THINGS = ["Phone", "Cloud", "Studio", "Watch", "Drive", "One", "Pro", "Assistant", "Pay", "Home"]
PLACES = [
    "Berlin", "Texas", "Ohio", "Madrid", "Osaka", "Lyon", "Dublin", "Toronto", "Warsaw", "Mumbai", "Seoul", "Nairobi",
    "Porto", "Vienna", "Oslo", "Denver", "Leeds", "Turin", "Hanoi", "Quito",
]  # fmt: skip
COLUMNS = [
    "Morning briefing",
    "Daily links",
    "The week in marketing",
    "Morning briefing: what to know on {day}",
    "Links for {date}",
    "Newsletter #{issue}",
    "What we are reading today",
    "Episode {issue}: {person} of {company}",
    "Show HN: {product}",
    "Deals of the day: {product} and more",
    "Market wrap for {day}, {date}",
    "Open thread",
]
NAMES = {
    "en": "The post appeared first on {name}.",
    "de": "Der Beitrag erschien zuerst auf {name}.",
    "fr": "L’article est apparu en premier sur {name}.",
    "es": "La entrada se publicó primero en {name}.",
    "ru": "Запись впервые появилась на {name}.",
    "ar": "ظهر المقال أولا على {name}.",
    "zh": "本文首发于{name}。",
    "ja": "この記事は{name}で最初に公開されました。",
    "ko": "이 글은 {name}에 먼저 게재되었습니다.",
}
# What an event is about beside who and how much, and how outlets work it into a title.
DETAILS = {
    "en": "battery streaming advertising cloud payments logistics retail browser satellite camera robotics grocery fashion podcast "
    "travel insurance mapping gaming chip server delivery subscription checkout loyalty analytics search messaging video audio "
    "translation furniture footwear cosmetics fitness dating parking charging solar wind housing lending trading tutoring "
    "recruiting ticketing catering printing scooter drone sensor display keyboard headset printer router wallet marketplace",
    "de": "Akku Werbung Logistik Versand Handel Kamera Mode Reise Versicherung Karten Spiele Lieferung Abo Suche Video Möbel Schuhe "
    "Kosmetik Fitness Laden Solar Wohnungen Kredit Nachhilfe Tickets Druck Roller Drohnen Bildschirm Tastatur",
    "fr": "batterie publicité logistique livraison commerce caméra mode voyage assurance cartographie jeux abonnement recherche vidéo "
    "meubles chaussures cosmétique sport recharge solaire logement crédit soutien billetterie imprimerie trottinettes drones écran",
    "es": "batería publicidad logística envíos comercio cámara moda viajes seguros mapas juegos suscripción búsqueda vídeo muebles "
    "zapatos cosmética deporte carga solar vivienda crédito clases entradas imprenta patinetes drones pantalla teclado",
    "ru": "батареи реклама логистика доставка торговля камеры мода путешествия страхование карты игры подписка поиск видео мебель "
    "обувь косметика спорт зарядка жильё кредиты обучение билеты печать самокаты дроны экраны клавиатуры",
    "ar": "البطاريات الإعلانات الشحن التوصيل التجارة الكاميرات الأزياء السفر التأمين الخرائط الألعاب الاشتراكات البحث الفيديو الأثاث "
    "الأحذية التجميل الرياضة الطاقة الإسكان القروض التعليم التذاكر الطباعة الطائرات الشاشات",
    "zh": "电池 广告 物流 配送 零售 相机 时尚 旅游 保险 地图 游戏 订阅 搜索 视频 家具 鞋类 化妆品 健身 充电 太阳能 住房 贷款 教育 票务 印刷 滑板车 无人机 屏幕",
    "ja": "電池 広告 物流 配送 小売 カメラ ファッション 旅行 保険 地図 ゲーム 定期購入 検索 動画 家具 靴 化粧品 フィットネス 充電 太陽光 住宅 融資 教育 "
    "チケット 印刷 ドローン 画面",
    "ko": "배터리 광고 물류 배송 소매 카메라 패션 여행 보험 지도 게임 구독 검색 영상 가구 신발 화장품 운동 충전 태양광 주택 대출 교육 티켓 인쇄 드론 화면",
}
TURNS = {
    "en": [
        "{title} in {detail} push",
        "{title} amid {detail} and {more} trouble",
        "{detail}: {title}",
        "{title}, {detail} unit says",
    ],
    "de": ["{title}: {detail} und {more}", "{detail}: {title}", "{title} – Streit um {detail}"],
    "fr": ["{title} : {detail} et {more}", "{title}, sur fond de {detail}", "{detail} : {title}"],
    "es": ["{title}: {detail} y {more}", "{title}, en plena crisis de {detail}", "{detail}: {title}"],
    "ru": ["{title}: {detail} и {more}", "{detail}: {title}"],
    "ar": ["{title}: {detail} و{more}", "{detail}: {title}"],
    "zh": ["{title}，涉及{detail}与{more}", "{detail}：{title}"],
    "ja": ["{title}、{detail}と{more}で", "{detail}：{title}"],
    "ko": ["{title}, {detail} 및 {more}", "{detail}: {title}"],
}
BACKGROUNDS = {
    "en": "It follows months of talk about {detail} and {more}.",
    "de": "Es geht um {detail} und {more}.",
    "fr": "Il est question de {detail} et de {more}.",
    "es": "Se trata de {detail} y {more}.",
    "ru": "Речь идёт о таких делах, как {detail} и {more}.",
    "ar": "يتعلق الأمر بـ {detail} و {more}.",
    "zh": "此事与{detail}和{more}有关。",
    "ja": "背景には{detail}と{more}がある。",
    "ko": "배경에는 {detail}과 {more}이 있다.",
}
LANGUAGES = [language for language in NAMES if language != "en"]

KINDS: dict[str, list[Kind]] = {
    "en": [
        Kind(
            [
                "{company} launches {product}",
                "{company} unveils {product} for small businesses",
                "{product}: {company}’s newest release is here",
                "Meet {product}, the latest from {company}",
                "{company} introduces {product}",
                "{company} announces {product}, available from today",
            ],
            [
                "{company} on Tuesday launched {product}, which it says will be available in {place} first.",
                "The new {product} by {company} goes on sale in {place} this week and costs ${amount}.",
            ],
        ),
        Kind(
            [
                "{company} raises ${amount}M in Series B funding led by {other}",
                "{company} secures ${amount} million Series B",
                "{other} leads ${amount}M round in {company}",
                "{company} lands ${amount}M from {other} to grow in {place}",
                "Startup {company} bags ${amount} million from {other}",
            ],
            [
                "{company}, based in {place}, has raised ${amount} million in a Series B round led by {other}.",
                "The ${amount}M round for {company} was led by {other}, with the money going into {place}.",
            ],
        ),
        Kind(
            [
                "{company} {quarter} revenue rises {percent}% to ${figure} billion",
                "{company} reports {quarter} revenue of ${figure}B, up {percent}%",
                "{company} beats {quarter} estimates as sales climb {percent}%",
                "{quarter} earnings: {company} grows sales {percent}% to ${figure} billion",
                "{company}’s {quarter} results: revenue up {percent}%",
            ],
            [
                "{company} said revenue for {quarter} rose {percent}% to ${figure} billion, above what analysts expected.",
                "Sales at {company} were ${figure} billion in {quarter}, {percent}% more than a year ago.",
            ],
        ),
        Kind(
            [
                "{company} to lay off {count} employees",
                "{company} cuts {count} jobs in {place}",
                "{count} jobs to go at {company}",
                "Layoffs at {company}: {count} workers affected in {place}",
                "{company} is laying off {count} people",
            ],
            [
                "{company} will cut {count} jobs, most of them in {place}, according to a memo seen by staff.",
                "{count} employees of {company} in {place} were told on Monday that they will lose their jobs.",
            ],
        ),
        Kind(
            [
                "{company} acquires {other} for ${figure} billion",
                "{company} to buy {other} in ${figure}B deal",
                "{other} bought by {company} for ${figure} billion",
                "{company} snaps up {other}",
                "{company} agrees ${figure}B takeover of {other}",
            ],
            [
                "{company} has agreed to buy {other} for ${figure} billion in cash and shares.",
                "The takeover of {other} by {company}, worth ${figure} billion, is expected to close next year.",
            ],
        ),
        Kind(
            [
                "{company} names {person} CEO",
                "{person} to become chief executive of {company}",
                "{company} appoints {person} as new CEO",
                "{company} picks {person} as its next chief executive",
                "{person} takes over at {company}",
            ],
            [
                "{person} will succeed the founder of {company} as chief executive in January.",
                "{company} has named {person} its chief executive, ending a search of several months.",
            ],
        ),
        Kind(
            [
                "{company} fined €{amount} million over privacy violations",
                "EU regulator fines {company} €{amount}M for privacy breach",
                "{company} hit with €{amount} million GDPR fine",
                "Privacy watchdog hands {company} a €{amount}M penalty",
            ],
            [
                "{company} must pay €{amount} million for moving the data of users without asking, a regulator in {place} said.",
                "The regulator in {place} fined {company} €{amount} million for breaking privacy rules.",
            ],
        ),
        Kind(
            [
                "{product} outage hits thousands of users in {place}",
                "{company} says {product} is back after outage",
                "{product} is down for thousands, {company} confirms outage",
                "{company} confirms {product} outage in {place}",
            ],
            [
                "{product} of {company} was not reachable for thousands of users in {place} on Wednesday.",
                "{company} confirmed an outage of {product} that began in {place} in the morning.",
            ],
        ),
        Kind(
            [
                "{company} sues {other} over {product} patents",
                "{other} sued by {company} for copying {product}",
                "{company} files patent lawsuit against {other}",
                "{company} takes {other} to court over {product}",
            ],
            [
                "{company} filed a lawsuit in {place} that says {other} copied patents behind {product}.",
                "In a suit filed in {place}, {company} says that {other} infringes on its {product} patents.",
            ],
        ),
        Kind(
            [
                "{company} raises price of {product} by {percent}%",
                "{product} gets {percent}% more expensive",
                "{company} hikes {product} price by {percent} percent",
                "{product} price goes up {percent}%, says {company}",
            ],
            [
                "From next month on {product} by {company} costs {percent}% more, also for those who have it already.",
                "{company} is raising what it asks for {product} by {percent} percent.",
            ],
        ),
        Kind(
            [
                "{company} to open factory in {place} with {count} jobs",
                "{company} plans {place} plant, {count} jobs",
                "{place} to get {company} factory and {count} new jobs",
                "{company} picks {place} for new plant",
            ],
            [
                "{company} will build a factory in {place} that is to employ {count} people by 2028.",
                "A plant of {company} is coming to {place} and brings {count} jobs, the mayor said.",
            ],
        ),
        Kind(
            [
                "{company} data breach exposes {figure} million customers",
                "Hackers steal data of {figure}M {company} customers",
                "{company} says {figure} million accounts were exposed in breach",
                "{company} confirms breach affecting {figure}M customers",
            ],
            [
                "Names and addresses of {figure} million customers of {company} were stolen, it said on Friday.",
                "{company} told regulators that hackers took data of {figure} million customers.",
            ],
        ),
        Kind(
            [
                "{company} partners with {other} on {product}",
                "{company} and {other} team up on {product}",
                "{other} and {company} announce {product} partnership",
                "{product}: {other} joins forces with {company}",
            ],
            [
                "{company} and {other} will work on {product} together, starting in {place}.",
                "The partnership of {company} and {other} brings {product} to {place}.",
            ],
        ),
        Kind(
            [
                "{company} files for IPO at ${figure} billion valuation",
                "{company} IPO could value it at ${figure}B",
                "{company} seeks ${figure} billion valuation in IPO",
                "IPO: {company} aims for ${figure}B",
            ],
            [
                "{company} of {place} filed for a listing that could value it at ${figure} billion.",
                "The listing would value {company} at ${figure} billion, people close to it said.",
            ],
        ),
        Kind(
            [
                "{company} recalls {count}00 units of {product} over fire risk",
                "{company} recalls {product}: {count}00 units may catch fire",
                "{product} recalled over fire hazard",
                "Fire risk: {company} recalls {product}",
            ],
            [
                "{company} asks buyers to return {product}, of which {count}00 were sold, since batteries may burn.",
                "Some {count}00 units of {product} are recalled by {company} after a fire in {place}.",
            ],
        ),
        Kind(
            [
                "{person} leaves {company} to found {other}",
                "{company}’s {person} quits to start {other}",
                "{person} departs {company} for new venture {other}",
                "{other}: the new startup of former {company} executive {person}",
            ],
            [
                "{person}, who led design at {company}, is leaving to start {other} in {place}.",
                "After nine years at {company}, {person} founds {other}, a startup from {place}.",
            ],
        ),
        Kind(
            [
                "How {person} built {company} from a garage in {place}",
                "{person} on building {company} in {place}",
                "Interview: {person} of {company}",
            ],
            [
                "{person} talks about the early days of {company} in {place}.",
                "A conversation with {person}, founder of {company}.",
            ],
        ),
        Kind(
            [
                "{company} ad campaign with {person} goes viral",
                "{person} stars in {company}’s viral new ad",
                "Why {company}’s ad with {person} went viral",
                "{company} goes viral with {person} spot",
            ],
            [
                "The new spot of {company} with {person} was seen {amount} million times in two days.",
                "{person} is the face of the campaign by {company} that everybody in {place} shares.",
            ],
        ),
    ],
    "de": [
        Kind(
            [
                "{company} stellt {product} vor",
                "{product}: {company} präsentiert Neuheit",
                "{company} bringt {product} auf den Markt",
                "Neu von {company}: {product}",
            ],
            [
                "{company} hat am Dienstag {product} vorgestellt, das zuerst in {place} erhältlich ist.",
                "Das neue {product} von {company} kostet {amount} Euro.",
            ],
        ),
        Kind(
            [
                "{company} streicht {count} Stellen in {place}",
                "Stellenabbau: {company} entlässt {count} Mitarbeiter",
                "{count} Jobs bei {company} fallen weg",
                "{company} will {count} Stellen streichen",
            ],
            [
                "{company} will in {place} {count} Stellen abbauen, wie der Betriebsrat mitteilte.",
                "Bei {company} verlieren {count} Beschäftigte in {place} ihre Arbeit.",
            ],
        ),
        Kind(
            [
                "{company} übernimmt {other} für {figure} Milliarden Euro",
                "{other} geht für {figure} Milliarden an {company}",
                "{company} kauft {other}",
                "Übernahme: {company} schluckt {other}",
            ],
            [
                "{company} kauft {other} für {figure} Milliarden Euro, die Kartellbehörden müssen noch zustimmen.",
                "Für {figure} Milliarden Euro gehört {other} künftig zu {company}.",
            ],
        ),
        Kind(
            [
                "{person} wird Chef von {company}",
                "{company} ernennt {person} zum Vorstandsvorsitzenden",
                "{company}: {person} übernimmt den Chefposten",
            ],
            [
                "{person} führt ab Januar {company} und folgt auf den Gründer.",
                "Der Aufsichtsrat von {company} hat {person} zum neuen Chef berufen.",
            ],
        ),
    ],
    "fr": [
        Kind(
            [
                "{company} lance {product}",
                "{company} dévoile {product}",
                "{product} : la nouveauté de {company}",
                "Voici {product}, le nouveau produit de {company}",
            ],
            [
                "{company} a lancé mardi {product}, disponible d’abord à {place}.",
                "Le nouveau {product} de {company} coûte {amount} euros.",
            ],
        ),
        Kind(
            [
                "{company} supprime {count} emplois à {place}",
                "{company} va licencier {count} salariés",
                "{count} postes supprimés chez {company}",
                "Licenciements chez {company} : {count} salariés concernés",
            ],
            [
                "{company} va supprimer {count} emplois, la plupart à {place}, selon les syndicats.",
                "{count} salariés de {company} à {place} vont perdre leur poste.",
            ],
        ),
        Kind(
            [
                "{company} rachète {other} pour {figure} milliards d’euros",
                "{other} racheté par {company} pour {figure} milliards",
                "{company} s’offre {other}",
            ],
            [
                "{company} a accepté de payer {figure} milliards d’euros pour {other}.",
                "Le rachat de {other} par {company} vaut {figure} milliards d’euros.",
            ],
        ),
    ],
    "es": [
        Kind(
            [
                "{company} lanza {product}",
                "{company} presenta {product}",
                "{product}: lo nuevo de {company}",
                "Así es {product}, la novedad de {company}",
            ],
            [
                "{company} lanzó el martes {product}, disponible primero en {place}.",
                "El nuevo {product} de {company} cuesta {amount} euros.",
            ],
        ),
        Kind(
            [
                "{company} despide a {count} empleados en {place}",
                "{company} recorta {count} empleos",
                "Despidos en {company}: {count} trabajadores afectados",
            ],
            [
                "{company} despedirá a {count} trabajadores en {place}, según los sindicatos.",
                "Unos {count} empleados de {company} en {place} perderán su trabajo.",
            ],
        ),
        Kind(
            [
                "{company} multada con {amount} millones por violar la privacidad",
                "Multa de {amount} millones de euros a {company}",
                "Bruselas multa a {company} con {amount} millones",
            ],
            [
                "{company} deberá pagar {amount} millones de euros por usar datos sin permiso.",
                "La multa a {company} de {amount} millones es la mayor del año.",
            ],
        ),
    ],
    "ru": [
        Kind(
            [
                "{company} представила {product}",
                "Компания {company} выпустила {product}",
                "{product}: новинка от {company}",
                "{company} анонсировала {product}",
            ],
            [
                "Компания {company} во вторник представила {product}, продажи начнутся в {place}.",
                "Новый {product} от {company} стоит {amount} долларов.",
            ],
        ),
        Kind(
            [
                "{company} уволит {count} сотрудников",
                "{company} сокращает {count} рабочих мест в {place}",
                "Увольнения в {company}: {count} человек потеряют работу",
            ],
            [
                "{company} сократит {count} сотрудников, большинство из них в {place}.",
                "В {company} работу потеряют {count} человек.",
            ],
        ),
        Kind(
            [
                "{company} покупает {other} за {figure} млрд долларов",
                "{company} купит {other} за {figure} млрд",
                "{other} перейдёт к {company}",
            ],
            [
                "{company} договорилась о покупке {other} за {figure} млрд долларов.",
                "Сделка между {company} и {other} оценивается в {figure} млрд долларов.",
            ],
        ),
    ],
    "ar": [
        Kind(
            [
                "{company} تطلق {product}",
                "شركة {company} تكشف عن {product}",
                "{product} الجديد من {company}",
            ],
            [
                "أطلقت شركة {company} يوم الثلاثاء {product} في {place}.",
                "يبلغ سعر {product} من {company} {amount} دولارا.",
            ],
        ),
        Kind(
            [
                "{company} تسرح {count} موظف في {place}",
                "تسريح {count} موظف في شركة {company}",
                "شركة {company} تستغني عن {count} موظف",
            ],
            [
                "قررت شركة {company} تسريح {count} موظف معظمهم في {place}.",
                "سيفقد {count} موظف في {company} وظائفهم.",
            ],
        ),
    ],
    "zh": [
        Kind(
            [
                "{company}发布{product}",
                "{company}公司推出新品{product}",
                "{product}正式亮相：{company}最新产品",
            ],
            [
                "{company}公司周二发布了{product}，首先在{place}上市。",
                "{company}的新品{product}售价{amount}美元。",
            ],
        ),
        Kind(
            [
                "{company}宣布裁员{count}人",
                "{company}将在{place}裁减{count}名员工",
                "{company}裁员{count}人，涉及{place}",
            ],
            [
                "{company}宣布裁员{count}人，大部分在{place}。",
                "{count}名{company}员工将失去工作。",
            ],
        ),
        Kind(
            [
                "{company}以{figure}亿美元收购{other}",
                "{other}被{company}收购，金额{figure}亿美元",
                "{company}宣布收购{other}",
            ],
            [
                "{company}同意以{figure}亿美元收购{other}，交易预计明年完成。",
                "{company}收购{other}的交易价值{figure}亿美元。",
            ],
        ),
    ],
    "ja": [
        Kind(
            [
                "{company}、{product}を発表",
                "{company}が新製品{product}を発売",
                "{company}の新製品「{product}」が登場",
            ],
            [
                "{company}は火曜日、{product}を発表した。まず{place}で発売する。",
                "{company}の新しい{product}は{amount}ドル。",
            ],
        ),
        Kind(
            [
                "{company}、{count}人を削減へ",
                "{company}が{place}で従業員{count}人を解雇",
                "{company}、従業員{count}人の人員削減を発表",
            ],
            [
                "{company}は{place}を中心に従業員{count}人を削減する。",
                "{company}の従業員{count}人が職を失う。",
            ],
        ),
        Kind(
            [
                "{company}、{other}を{figure}億ドルで買収",
                "{company}が{other}の買収を発表",
                "{other}、{company}傘下へ {figure}億ドルで買収",
            ],
            [
                "{company}は{other}を{figure}億ドルで買収することで合意した。",
                "{other}の買収額は{figure}億ドルで、{company}は来年の完了を見込む。",
            ],
        ),
    ],
    "ko": [
        Kind(
            [
                "{company}, {product} 출시",
                "{company}가 신제품 {product}를 공개했다",
                "{company}의 신제품 {product} 공개",
            ],
            [
                "{company}는 화요일 {product}를 공개하고 {place}에서 먼저 판매한다.",
                "{company}의 새 {product} 가격은 {amount}달러다.",
            ],
        ),
        Kind(
            [
                "{company}, 직원 {count}명 감원",
                "{company}가 {place}에서 {count}명을 해고한다",
                "{company} {count}명 구조조정",
            ],
            [
                "{company}는 {place}를 중심으로 직원 {count}명을 감원한다.",
                "{company} 직원 {count}명이 일자리를 잃는다.",
            ],
        ),
    ],
}
