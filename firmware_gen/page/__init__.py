"""``report.html`` of a firmware: one file that needs no network, a view of ``report.json``."""
