"""How people write sources and mediums, and the one name each of them counts under.

All is written without blanks, hyphens and underscores, since `paid-social`, `Paid Social` and `paid_social` are one;
so are a source and its ads (`facebook-ads`). Hosts need no line here: `facebook.com` or `l.instagram.com` as a source
are told by the lists of `referrers`.
"""

SOURCES = {
    "baidu": ("bd",),
    "bing": ("microsoft", "ms", "adcenter"),
    "chatgpt": ("openai",),
    "facebook": ("fb", "m.facebook", "meta"),
    "google": ("adwords", "googleadwords", "gads"),
    "hacker news": ("hackernews", "hn"),
    "instagram": ("ig", "insta"),
    "linkedin": ("li",),
    "pinterest": ("pin",),
    "quora": ("quora.com",),
    "snapchat": ("snap",),
    "telegram": ("tg", "t.me"),
    "tiktok": ("tt",),
    "twitter": ("x", "tw"),
    "vkontakte": ("vk",),
    "whatsapp": ("wa", "wa.me"),
    "yahoo!": ("yahoo",),
    "youtube": ("yt",),
    # What some write where the source belongs, though it is a medium.
    "email": (),
    "sms": ("textmessage",),
}

MEDIUMS = {
    "affiliate": ("affiliates", "aff", "affiliation", "affiliatemarketing", "partner", "partners"),
    "ai_assistant": ("aiassistant", "ai", "aichat", "llm", "chatbot"),
    "audio": ("podcast", "podcasts", "radio"),
    "cpc": ("ppc", "paidsearch", "searchpaid", "sem", "searchads", "searchcpc", "cpcsearch", "adwords"),
    # Paid by the view: display, unless it was bought at a network.
    "cpm": (),
    "display": (
        "banner",
        "banners",
        "expandable",
        "interstitial",
        "programmatic",
        "native",
        "gdn",
        "displayads",
    ),
    "email": ("mail", "mailing", "emailing", "newsletter", "newsletters", "edm", "eblast", "drip"),
    "organic": ("organicsearch", "searchorganic", "seo"),
    "paid": ("paidmedia", "ad", "ads", "advertising", "retargeting", "remarketing", "promoted", "sponsored"),
    "paid_social": ("paidsocial", "socialpaid", "socialads", "socialcpc", "cpcsocial"),
    "paid_video": ("paidvideo", "videopaid", "videoads", "videocpc", "cpv"),
    "push": ("webpush", "mobilepush", "pushnotification", "pushnotifications", "notification"),
    "referral": ("ref", "referal", "refer", "link", "app"),
    "sms": ("text", "mms", "textmessage"),
    "social": ("socialnetwork", "socialmedia", "sm", "smm", "organicsocial", "socialorganic"),
    "video": ("organicvideo", "videoorganic"),
}
