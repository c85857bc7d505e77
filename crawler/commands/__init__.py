"""The project's own ``scrapy`` commands: parse arguments, call, report."""
