"""User agents as they come, with what a person who reads them says: who it is, or why it is nobody."""

from marketing_pipelines.events.bots import Reason
from marketing_pipelines.events.user_agents import Device

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_PIXEL = f"Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UQ1A.240205.004; wv) {_WEBKIT} Version/4.0"

# Browsers: agent, device, system and its version, browser and its version (apps' own browsers as ua-parser calls them).
PEOPLE = [
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36",
        *(Device.DESKTOP, "Windows", "10", "Chrome", "140"),
    ),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
        *(Device.DESKTOP, "Windows", "10", "Edge", "140"),
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
        *(Device.DESKTOP, "Windows", "10", "Firefox", "143"),
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
        *(Device.DESKTOP, "Mac OS X", "10.15", "Safari", "18"),
    ),
    (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Chrome/139.0.0.0 Safari/537.36 OPR/124.0.0.0",
        *(Device.DESKTOP, "Mac OS X", "10.15", "Opera", "124"),
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/138.0.0.0 Safari/537.36",
        *(Device.DESKTOP, "Linux", "", "Chrome", "138"),
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        *(Device.DESKTOP, "Ubuntu", "", "Firefox", "140"),
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/140.0.0.0 Safari/537.36",
        *(Device.DESKTOP, "Chrome OS", "14541.0", "Chrome", "140"),
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        *(Device.DESKTOP, "Windows", "7", "IE", "11"),
    ),
    (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Slack/4.39.95 Chrome/126.0.6478.185 Electron/31.3.1 Safari/537.36",
        *(Device.DESKTOP, "Windows", "10", "Electron", "31"),
    ),
    (
        f"{_IPHONE} Version/18.5 Mobile/15E148 Safari/604.1",
        *(Device.MOBILE, "iOS", "18.5", "Mobile Safari", "18"),
    ),
    (
        f"{_IPHONE} CriOS/140.0.7339.101 Mobile/15E148 Safari/604.1",
        *(Device.MOBILE, "iOS", "18.5", "Chrome Mobile iOS", "140"),
    ),
    (
        f"{_IPHONE} FxiOS/142.0 Mobile/15E148 Safari/605.1.15",
        *(Device.MOBILE, "iOS", "18.5", "Firefox iOS", "142"),
    ),
    (
        f"{_IPHONE} GSA/380.0.788317806 Mobile/15E148 Safari/604.1",
        *(Device.MOBILE, "iOS", "18.5", "Google", "380"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/512.0.0.37.103;FBBV/733;FBDV/iPhone15,3;FBMD/iPhone;FBSN/iOS;FBSV/18.5]",
        *(Device.MOBILE, "iOS", "18.5", "Facebook", "512"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 [FBAN/MessengerForiOS;FBAV/499.0.0.44.109;FBBV/7;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/18.5]",
        *(Device.MOBILE, "iOS", "18.5", "Facebook Messenger", "499"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 Instagram 389.0.0.27.87 (iPhone14,5; iOS 18_5; en_US; en; scale=3.00; 1170x2532; 762354)",
        *(Device.MOBILE, "iOS", "18.5", "Instagram", "389"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 Barcelona 389.0.0.27.87 (iPhone14,5; iOS 18_5; en_US; en; scale=3.00; 1170x2532; 762354)",
        *(Device.MOBILE, "iOS", "18.5", "Mobile Safari UI/WKWebView", ""),
    ),
    (
        f"{_IPHONE} Mobile/15E148 musical_ly_39.5.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en Region/US BytedanceWebview/d8a21c6",
        *(Device.MOBILE, "iOS", "18.5", "TikTok", "39"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 [LinkedInApp]/9.31.2563",
        *(Device.MOBILE, "iOS", "18.5", "Mobile Safari UI/WKWebView", ""),
    ),
    (
        f"{_IPHONE} Mobile/15E148 [Pinterest/iOS]",
        *(Device.MOBILE, "iOS", "18.5", "Pinterest", ""),
    ),
    (
        f"{_IPHONE} Version/18.5 Mobile/15E148 Snapchat/13.45.0.42 (like Safari/8621.2.5, panda)",
        *(Device.MOBILE, "iOS", "18.5", "Snapchat", "13"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 Twitter for iPhone/11.5",
        *(Device.MOBILE, "iOS", "18.5", "Twitter", "11"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 MicroMessenger/8.0.60(0x18003c2d) NetType/WIFI Language/zh_CN",
        *(Device.MOBILE, "iOS", "18.5", "WeChat Browser", "8"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 Safari Line/15.10.0",
        *(Device.MOBILE, "iOS", "18.5", "LINE", "15"),
    ),
    (
        f"{_IPHONE} Version/18.5 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
        *(Device.MOBILE, "iOS", "18.5", "DuckDuckGo Mobile", "7"),
    ),
    (
        f"{_IPHONE} Mobile/15E148 NAVER(inapp; search; 2000; 12.13.3; 14PRO)",
        *(Device.MOBILE, "iOS", "18.5", "Mobile Safari UI/WKWebView", ""),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36",
        *(Device.MOBILE, "Android", "10", "Chrome Mobile", "140"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 13; CUBOT NOTE 21) {_WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36",
        *(Device.MOBILE, "Android", "13", "Chrome Mobile", "120"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 11; CUBOT_X50) {_WEBKIT} Chrome/99.0.4844.88 Mobile Safari/537.36",
        *(Device.MOBILE, "Android", "11", "Chrome Mobile", "99"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S921B) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
        *(Device.MOBILE, "Android", "14", "Samsung Internet", "28"),
    ),
    (
        "Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0",
        *(Device.MOBILE, "Android", "14", "Firefox Mobile", "143"),
    ),
    (
        f"{_PIXEL} Chrome/140.0.7339.51 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/512.0.0.55.78;IABMV/1;]",
        *(Device.MOBILE, "Android", "14", "Facebook", "512"),
    ),
    (
        f"{_PIXEL} Chrome/140.0.7339.51 Mobile Safari/537.36 Instagram 389.0.0.27.87 Android (34/14; 420dpi; 1080x2268; Google/google; Pixel 8; shiba; shiba; en_US; 762354)",
        *(Device.MOBILE, "Android", "14", "Instagram", "389"),
    ),
    (
        f"{_PIXEL} Chrome/126.0.6478.188 Mobile Safari/537.36 GSA/15.30.32.28.arm64",
        *(Device.MOBILE, "Android", "14", "Google", "15"),
    ),
    (
        f"{_PIXEL} Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300333 MMWEBSDK/20250201 MicroMessenger/8.0.60.2840(0x28003C35) WeChat/arm64 Weixin NetType/WIFI",
        *(Device.MOBILE, "Android", "14", "Chrome Mobile WebView", "130"),
    ),
    (
        f"{_PIXEL} Chrome/140.0.7339.51 Mobile Safari/537.36 Line/15.12.1/IAB",
        *(Device.MOBILE, "Android", "14", "LINE", "15"),
    ),
    (
        f"{_PIXEL} Chrome/140.0.7339.51 Mobile Safari/537.36 KAKAOTALK/25.8.2 (INAPP)",
        *(Device.MOBILE, "Android", "14", "KakaoTalk", "25"),
    ),
    (
        "Opera/9.80 (Android; Opera Mini/36.2.2254/191.249; U; en) Presto/2.12.423 Version/12.16",
        *(Device.MOBILE, "Android", "", "Opera Mini", "36"),
    ),
    (
        "Mozilla/5.0 (Mobile; LYF/F120B; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5",
        *(Device.MOBILE, "KaiOS", "2.5", "Firefox Mobile", "48"),
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        *(Device.TABLET, "iOS", "17.5", "Mobile Safari", "17"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 14; SM-X210) {_WEBKIT} Chrome/126.0.0.0 Safari/537.36",
        *(Device.TABLET, "Android", "14", "Chrome", "126"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 9; KFMAWI) {_WEBKIT} Silk/108.4.6 like Chrome/108.0.5359.160 Safari/537.36",
        *(Device.TABLET, "Android", "9", "Amazon Silk", "108"),
    ),
    (
        f"Mozilla/5.0 (SMART-TV; Linux; Tizen 6.0) {_WEBKIT} 76.0.3809.146/6.0 TV Safari/537.36",
        *(Device.TV, "Tizen", "6.0", "Safari", ""),
    ),
    (
        f"Mozilla/5.0 (Web0S; Linux/SmartTV) {_WEBKIT} Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
        *(Device.TV, "Web0S", "", "Chrome", "94"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 9; AFTMM) {_WEBKIT} Chrome/120.0.0.0 Safari/537.36",
        *(Device.TV, "Android", "9", "Chrome", "120"),
    ),
    (
        "Mozilla/5.0 (PlayStation; PlayStation 5/8.20) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.4 Safari/605.1.15",
        *(Device.CONSOLE, "", "", "Safari", "15"),
    ),
    (
        "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; WOW64; Trident/4.0; Tablet PC 2.0)",
        *(Device.DESKTOP, "Windows", "7", "IE", "8"),
    ),
    (
        f"Mozilla/5.0 (Linux; Android 10; AQUOS sense3 basic) {_WEBKIT} Chrome/120.0.0.0 Mobile Safari/537.36",
        *(Device.MOBILE, "Android", "10", "Chrome Mobile", "120"),
    ),
]

# Programs: agent, and a reason that must be among those given.
PROGRAMS = [
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Reason.CRAWLER_LIST),
    (
        f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {_WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36 "
        "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        Reason.SPIDER_CLASS,
    ),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", Reason.CRAWLER_LIST),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", Reason.CRAWLER_LIST),
    (
        "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
        Reason.CRAWLER_LIST,
    ),
    ("DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", Reason.CRAWLER_LIST),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 "
        "Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
        Reason.CRAWLER_LIST,
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        Reason.CRAWLER_LIST,
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
        Reason.CRAWLER_LIST,
    ),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; PerplexityBot/1.0; +https://perplexity.ai/perplexitybot)",
        Reason.CRAWLER_LIST,
    ),
    ("CCBot/2.0 (https://commoncrawl.org/faq/)", Reason.CRAWLER_LIST),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", Reason.CRAWLER_LIST),
    ("Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)", Reason.CRAWLER_LIST),
    ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", Reason.CRAWLER_LIST),
    ("AdsBot-Google (+http://www.google.com/adsbot.html)", Reason.CRAWLER_LIST),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", Reason.PREVIEW),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
        "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        Reason.PREVIEW,
    ),
    ("WhatsApp/2.23.20.0 A", Reason.PREVIEW),
    ("WhatsApp/2.2429.7 W", Reason.PREVIEW),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", Reason.PREVIEW),
    ("Slack-ImgProxy (+https://api.slack.com/robots)", Reason.PREVIEW),
    ("Twitterbot/1.0", Reason.PREVIEW),
    ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", Reason.PREVIEW),
    ("TelegramBot (like TwitterBot)", Reason.PREVIEW),
    ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", Reason.PREVIEW),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        Reason.PREVIEW,
    ),
    ("Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)", Reason.PREVIEW),
    ("Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)", Reason.PREVIEW),
    ("facebookexternalhit/1.1;line-poker/1.0", Reason.PREVIEW),
    ("Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)", Reason.PREVIEW),
    ("Mozilla/4.0 (compatible; ms-office; MSOffice 16)", Reason.PREVIEW),
    (
        "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
        Reason.SCANNER,
    ),
    ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", Reason.SCANNER),
    ("Barracuda Sentinel (EE)", Reason.SCANNER),
    ("Mozilla/5.0 (compatible; Proofpoint URL Defense)", Reason.SCANNER),
    ("Mozilla/5.0 (compatible; Mimecast-URL-Scanner)", Reason.SCANNER),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Microsoft SafeLinks", Reason.SCANNER),
    ("Mozilla/5.0", Reason.SCANNER),
    ("curl/8.5.0", Reason.HTTP_LIBRARY),
    ("Wget/1.21.4", Reason.HTTP_LIBRARY),
    ("python-requests/2.32.3", Reason.HTTP_LIBRARY),
    ("Python/3.12 aiohttp/3.10.5", Reason.HTTP_LIBRARY),
    ("python-httpx/0.27.0", Reason.HTTP_LIBRARY),
    ("Go-http-client/2.0", Reason.HTTP_LIBRARY),
    ("Java/17.0.9", Reason.HTTP_LIBRARY),
    ("okhttp/4.12.0", Reason.HTTP_LIBRARY),
    ("Apache-HttpClient/4.5.14 (Java/17.0.9)", Reason.HTTP_LIBRARY),
    ("axios/1.7.7", Reason.HTTP_LIBRARY),
    ("node-fetch/1.0 (+https://github.com/bitinn/node-fetch)", Reason.HTTP_LIBRARY),
    ("node", Reason.HTTP_LIBRARY),
    ("Ruby", Reason.HTTP_LIBRARY),
    ("GuzzleHttp/7", Reason.HTTP_LIBRARY),
    ("PostmanRuntime/7.42.0", Reason.HTTP_LIBRARY),
    (
        "Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.19041.4894",
        Reason.HTTP_LIBRARY,
    ),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36", Reason.HEADLESS),
    (
        "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
        Reason.HEADLESS,
    ),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {_WEBKIT} Chrome/136.0.0.0 Safari/537.36 Chrome-Lighthouse",
        Reason.HEADLESS,
    ),
]
