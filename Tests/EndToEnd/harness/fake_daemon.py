"""An HTTP server on a Unix socket that answers in place of nnnd."""

import contextlib
import http.server
import json
import socketserver
import threading


@contextlib.contextmanager
def fake_daemon(path, answers):
    """Answers requests on a Unix socket at `path` while the context lasts.

    `answers` maps the path of a request to (HTTP status, value to send as JSON). None closes the connection without
    an answer. The entry "*" answers all other paths.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers.get(self.path.split("?")[0], answers.get("*"))
            if answer is None:
                self.close_connection = True
                return
            body = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json" if answer[0] < 400 else "application/problem+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True

    with Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def problem(status, code, detail="The detail."):
    """An answer with a problem document (RFC 9457)."""
    return status, {"type": "about:blank", "title": "A title", "status": status, "detail": detail, "code": code}
