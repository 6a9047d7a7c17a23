"""Collecting data: from a public file, a web site and a database, with a record of where everything came from. Lesson 11.

- `urls`: one name for each page
- `robots`: what a site's robots.txt allows
- `charsets`: from bytes to text, whatever charset is declared
- `fetching`: one polite request
- `crawler`: what a page contains, and the loop over a site
- `provenance`: checksums, a manifest, a datasheet
- `practice_site`: a museum's web site on 127.0.0.1 to crawl
- `practice_pages`: that site's pages, and the troubles planted in them
- `practice_shop`: the messy database of the museum's shop
- `pictures`: the site as a crawl found it
"""

__all__ = [
    "charsets",
    "crawler",
    "fetching",
    "pictures",
    "practice_pages",
    "practice_shop",
    "practice_site",
    "provenance",
    "robots",
    "urls",
]
