"""The crawler's settings with all requests led to a test archive: ``SCRAPY_SETTINGS_MODULE=tests.sites.settings``.

For trials by hand; see ``docs/test-archive.md``. The environment variable ``LOOPBACK_HOSTS`` (JSON) names other hosts.
"""

import os

from crawler.settings import *  # noqa: F403 - the real settings, and what differs below
from tests.sites.mapping import SETTING, settings

PORT = 8765
LOOPBACK_HOSTS = os.environ.get(SETTING) or {"archiveofourown.org": f"http://127.0.0.1:{PORT}"}
DOWNLOAD_HANDLERS = settings({})["DOWNLOAD_HANDLERS"]
