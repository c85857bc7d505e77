"""Scrapy settings: each one that differs from Scrapy's default, with that default and the reason; and our own."""

from schemas.program import program_version

BOT_NAME = "fanthology"  # default "scrapybot"
SPIDER_MODULES = ["crawler.spiders"]
COMMANDS_MODULE = "crawler.commands"  # default ""; `scrapy ingest`, `scrapy build` …

# Manners
USER_AGENT = f"fanthology/{program_version()}"  # default names Scrapy, not whoever is asking
ROBOTSTXT_OBEY = True  # default False
ROBOTSTXT_USER_AGENT = "fanthology"  # default None: the whole user agent, a contact's words included
ROBOTSTXT_MAX_AGE = 24 * 3600  # ours; seconds until robots.txt is fetched again (RFC 9309: at most a day)
CONCURRENT_REQUESTS = 1  # default 16; nothing queues inside Scrapy, so an interrupt waits for one request only
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
DOWNLOAD_DELAY = 5  # default 0: archives run on donations
DOWNLOAD_DELAY_JITTER = 0  # default 0.5, which halves every other delay: below what a robots.txt asks for
AUTOTHROTTLE_ENABLED = True  # default False; slows down with the site, never below DOWNLOAD_DELAY
AUTOTHROTTLE_START_DELAY = 0  # default 5, whatever DOWNLOAD_DELAY says
COOKIES_ENABLED = False  # default True; no login, and no public-suffix list fetched behind our back
METAREFRESH_ENABLED = False  # default True; no archive needs it, and pages of gate-keepers try it
RETRY_TIMES = 4  # default 2; each comes after a pause of the whole host, not at once
RETRY_PRIORITY_ADJUST = 1000  # default -1: an archive that is down would be asked for every other page first
RETRY_HTTP_CODES = [
    408,
    429,
    445,
    500,
    502,
    503,
    504,
    *range(520, 528),
]  # default lacks 445 and 520 …
RETRY_AFTER_MAX = 3600  # ours; longest pause in seconds that a Retry-After header is given, before asking again
BACKOFF_START_DELAY = 10  # ours; seconds between requests after 429, 503 …; doubles with each, fades with good answers
BACKOFF_MAX_DELAY = 900  # ours; seconds, where that ends
BLOCKED_AFTER = 5  # ours; block pages (403, challenges) in a row that end the crawl as `blocked`
UNAVAILABLE_AFTER = 5  # ours; requests in a row given up after all tries that end the crawl as `unavailable`

# What is fetched
DOWNLOAD_TIMEOUT = 60  # default 180
DOWNLOAD_MAXSIZE = 32 * 2**20  # default 1 GiB; no page of a story is larger
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
DOWNLOAD_HANDLERS = {"ftp": None, "data": None, "file": None}  # default: all on; files have readers
DOWNLOAD_FAIL_ON_DATALOSS = False  # default True: half a body is lost; PolitenessMiddleware keeps it from spiders
HTML_MUST_CLOSE = True  # ours; <html> without </html> is half a page; False for sites that never close it
HTTPERROR_ALLOW_ALL = True  # default False: pages other than 200 vanish; a 404 is a fact about a work
TELNETCONSOLE_ENABLED = False  # default True; a port that runs code
REMOTE_CONTROL_ENABLED = False  # default True; the same

DOWNLOADER_MIDDLEWARES = {
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,  # allows all where robots.txt is unreachable
    "crawler.middlewares.RobotsMiddleware": 100,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,  # tries again at once, deaf to Retry-After
    "crawler.middlewares.PolitenessMiddleware": 550,  # sees unpacked answers (590) that are no redirects (600)
    "crawler.middlewares.HalfBodies": 595,
    "crawler.warc_capture.WarcCapture": 950,  # next to the network: answers as received
}
EXTENSIONS = {
    "scrapy.extensions.logstats.LogStats": None,  # ProgressLine says more
    "crawler.extensions.CrawlDelay": 500,  # after AutoThrottle (0), which would lower the delay again
    "crawler.extensions.RunRecord": 900,  # last: sees what the others leave in the stats
    "crawler.extensions.ProgressLine": 910,
}

MAX_LIST_RESULTS = 100_000  # ours; works of one list that an OTW archive shows; longer ones are read in parts, by date

# What is kept
WARC_ENABLED = True  # ours; needs CORPUS or WARC_DIR
WARC_DIR = None  # ours; default: staging/warc of the corpus
WARC_MAX_SIZE = 2**30  # ours; bytes after which a WARC file is full, as usual among web archives
RUNS_DIR = None  # ours; default: staging/runs of the corpus
FEED_EXPORT_ENCODING = "utf-8"  # default escapes every non-ASCII letter in JSON
FEED_EXPORTERS = {
    "parquet": "crawler.exporters.ParquetExporter",
    "jsonl": "crawler.exporters.JsonLinesExporter",
    "jsonlines": "crawler.exporters.JsonLinesExporter",
    "json": "crawler.exporters.JsonExporter",
}
FEED_STORAGES = {"": "crawler.exporters.FileStorage", "file": "crawler.exporters.FileStorage"}

# What is said
LOG_LEVEL = "INFO"  # default "DEBUG"
LOG_FORMAT = "%(asctime)s %(levelname)s: %(message)s"  # default names the module, too
PROGRESS_INTERVAL = 60  # ours; seconds between lines on the progress, where there is no terminal; 0 for none
STATS_DUMP = False  # default True; the record of the run keeps them
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"  # default "WARNING"; copies are normal and counted

# Where it goes
CORPUS = None  # ours; folder of the corpus, default datasets/<spider>
CONTACT = None  # ours; e-mail address or page of whoever crawls; without one a crawl does not start
BUILD = True  # ours; build a version of the dataset at the end of a crawl
ITEM_PIPELINES = {"pipelines.items.StageItems": 100}  # default none; before anything else sees a work
