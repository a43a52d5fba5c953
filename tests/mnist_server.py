"""A mirror of MNIST on the loopback that misbehaves on request."""

import gzip
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAUSE_S = 0.05


class Mirror:
    """Serves `files` by name, in the way of one of the functions below, and counts requests."""

    def __init__(self, files, answer):
        self.files, self.answer = files, answer
        self.asked = Counter()
        self.half_sent, self.closing = threading.Event(), threading.Event()
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.removeprefix("/")
                mirror.asked[name] += 1
                try:
                    mirror.answer(self, mirror, mirror.files[name])
                except ConnectionError:
                    self.close_connection = True  # the client has left, as it should

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


def _head(client, length, status=200, kind="application/x-gzip"):
    client.send_response(status)
    client.send_header("Content-Type", kind)
    if length is not None:
        client.send_header("Content-Length", str(length))
    client.end_headers()


def good(client, mirror, data):
    _head(client, len(data))
    client.wfile.write(data)


def not_found(client, mirror, data):
    client.send_error(404)


def unavailable(client, mirror, data):
    client.send_error(503)


def html(client, mirror, data):
    page = b"<html><body>Please sign in to the network of this hotel.</body></html>"
    _head(client, len(page), kind="text/html")
    client.wfile.write(page)


def truncated(client, mirror, data):
    _head(client, len(data))
    client.wfile.write(data[: len(data) // 2])


def too_short_a_length(client, mirror, data):
    _head(client, len(data) // 2)
    client.wfile.write(data)


def tampered(client, mirror, data):
    middle = len(data) // 2
    good(client, mirror, data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])


def other_digits(client, mirror, data):
    content = gzip.decompress(data)
    good(client, mirror, gzip.compress(content[:-1] + bytes([content[-1] ^ 1])))


def silent(client, mirror, data):
    mirror.closing.wait()


def stalled(client, mirror, data):
    _head(client, len(data))
    client.wfile.write(data[: len(data) // 2])
    mirror.half_sent.set()
    mirror.closing.wait()


def dripping(client, mirror, data):
    _head(client, len(data))
    _slowly(client, mirror, data, 1)


def dripping_head(client, mirror, data):
    _slowly(client, mirror, b"HTTP/1.1 200 OK\r\nX-Padding: " + bytes(1000), 1)


def trickling(client, mirror, data):
    _head(client, len(data))
    _slowly(client, mirror, data, 300)


def endless(client, mirror, data):
    _head(client, None)
    while not mirror.closing.is_set():
        client.wfile.write(bytes(2**16))


def _slowly(client, mirror, data, step):
    for start in range(0, len(data), step):
        client.wfile.write(data[start : start + step])
        client.wfile.flush()
        if mirror.closing.wait(PAUSE_S):
            return


# What load_digits has to say of each.
FAULTS = {
    not_found: "answered 404",
    unavailable: "answered 503",
    html: "sent a wrong file for t10k-labels-idx1-ubyte.gz",
    truncated: "could not be read",
    too_short_a_length: "sent a wrong file",
    tampered: "sent a wrong file",
    other_digits: "sent a wrong file",
    silent: "could not be read",
    stalled: "could not be read",
    dripping: "sent 0 bytes in",
    dripping_head: "sent 0 bytes in",
    trickling: "bytes in 2 s",
    endless: "sent more than 1,048,576 bytes",
}
