"""The command line of the simulated server."""

import argparse
import os
import sys
import threading

from .serving import SimulatedServer


def main() -> None:
    """Serves until it is ended; prints one line with the URL when it is ready."""
    parser = argparse.ArgumentParser(description="A simulated OpenAI-compatible model server.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=7, help="of the usage table")
    parser.add_argument("--stop-with-stdin", action="store_true", help="end when standard input is closed")
    options = parser.parse_args()
    server = SimulatedServer(seed=options.seed, host=options.host, port=options.port)
    if options.stop_with_stdin:
        # A parent that is killed cannot end its child; the pipe between them always closes.
        threading.Thread(target=_stop_with_stdin, daemon=True).start()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


def _stop_with_stdin() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


main()
