"""What a first visit to each page costs: requests, and kilobytes from a server that compresses.

Run after `make book`. The page is loaded without scrolling, so what loads on sight is not counted;
then once more with the page's widgets brought into view.
"""

import gzip
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HTML = ROOT / "_build" / "html"
sys.path.insert(0, str(ROOT / "tests"))

COMPRESSED = {".html", ".css", ".js", ".svg", ".json", ".wasm", ".ico"}


def kilobytes(url, site):
    """The size of a file of the site, compressed where a server such as Pages compresses."""
    path = HTML / url.removeprefix(site).partition("?")[0].partition("#")[0]
    data = path.read_bytes()
    return len(gzip.compress(data, 6) if path.suffix in COMPRESSED else data) / 1000


def main():
    from playwright.sync_api import sync_playwright

    import chromium
    from browsing import serve

    print(f"{'page':32}{'requests':>10}{'kB':>8}{'other hosts':>13}{'kB with widgets':>17}")
    with serve(HTML) as site, sync_playwright() as playwright:
        options = {"executable_path": chromium.find(), "args": chromium.ARGUMENTS}
        browser = playwright.chromium.launch(**options)
        for file in [HTML / "index.html", *sorted(HTML.glob("*/[0-9][0-9]-*.html"))]:
            page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
            asked = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            name = file.relative_to(HTML).as_posix()
            page.goto(site + name, wait_until="networkidle")
            first = list(asked)
            for widget in page.locator("[data-widget]").all():
                widget.scroll_into_view_if_needed()
                widget.and_(page.locator("[data-ready=true]")).wait_for()
            page.wait_for_load_state("networkidle")
            ours = [url for url in first if url.startswith(site)]
            others = [u for u in asked if not u.startswith((site, "data:", "blob:"))]
            weights = [
                sum(kilobytes(url, site) for url in set(urls) if url.startswith(site))
                for urls in (first, asked)
            ]
            print(f"{name:32}{len(ours):>10}{weights[0]:>8.0f}{len(others):>13}{weights[1]:>17.0f}")
            if "-v" in sys.argv:
                for url in sorted(set(ours), key=lambda u: -kilobytes(u, site))[:14]:
                    print(f"    {kilobytes(url, site):7.1f} {url.removeprefix(site)}")


if __name__ == "__main__":
    main()
