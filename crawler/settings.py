"""Scrapy settings: each one that differs from Scrapy's default, with that default and the reason."""

from schemas.program import program_version

BOT_NAME = "fanthology"  # default "scrapybot"
SPIDER_MODULES = ["crawler.spiders"]
COMMANDS_MODULE = "crawler.commands"  # default ""; `scrapy ingest`, `scrapy build` …

USER_AGENT = f"fanthology/{program_version()}"  # default names Scrapy, not whoever is asking
ROBOTSTXT_OBEY = True  # default False
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # default 8
DOWNLOAD_DELAY = 5  # default 0: archives run on donations
AUTOTHROTTLE_ENABLED = True  # default False; slows down with the site, never below DOWNLOAD_DELAY
COOKIES_ENABLED = False  # default True; no login, and no public-suffix list fetched behind our back
TELNETCONSOLE_ENABLED = False  # default True; a port that runs code
REMOTE_CONTROL_ENABLED = False  # default True; the same
DOWNLOAD_MAXSIZE = 32 * 2**20  # default 1 GiB; no page of a story is larger
DOWNLOAD_VERIFY_CERTIFICATES = True  # default False
DOWNLOAD_HANDLERS = {"ftp": None, "data": None, "file": None}  # default: all on; files have readers
LOG_LEVEL = "INFO"  # default "DEBUG"
DEFAULT_DROPITEM_LOG_LEVEL = "DEBUG"  # default "WARNING"; copies are normal and counted
FEED_EXPORT_ENCODING = "utf-8"  # default escapes every non-ASCII letter in JSON
