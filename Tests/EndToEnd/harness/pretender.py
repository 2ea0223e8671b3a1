"""Something that listens where nnnd would, and answers what a test wants."""

import contextlib
import http.server
import json
import socketserver
import threading


@contextlib.contextmanager
def pretender(path, answers):
    """Answers requests on a Unix socket while the context lasts.

    `answers` has an answer for each path of a request, as (HTTP status, value for JSON); `None` closes the connection
    without an answer. Where it has none for a path, that for "*" is taken.
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


def problem(status, code, detail="What is wrong."):
    """An answer that tells of a problem."""
    return status, {"type": "about:blank", "title": "A title", "status": status, "detail": detail, "code": code}
