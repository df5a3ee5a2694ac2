"""What each path does."""

import functools
import json
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from . import completions, embeddings, messages, responses
from .connection import Connection, Refusal, error_body
from .events import DONE, Event
from .reply import MODELS, reply_to
from .script import DEFAULT, Ask, Rule, RuleError
from .usage_table import ABSENT

if TYPE_CHECKING:
    from .books import Entry
    from .serving import SimulatedServer

ENDPOINTS = {
    "chat/completions": "chat",
    "completions": "completions",
    "responses": "responses",
    "embeddings": "embeddings",
    "messages": "messages",
}
COUNT = "/v1/messages/count_tokens"
RETRIEVE = "/v1/responses/"
CANCEL = "/cancel"
RULE_HEADER = "X-Simulated-Rule"
ANONYMOUS = "anonymous"
MAX_DELAY_S = 30.0

# Azure has its calls below a deployment, and another path for all, as Groq has.
_CALL = re.compile(
    r"/(?:v1|openai|openai/v1)/(?:deployments/[^/]+/)?(chat/completions|completions|responses|embeddings|messages)"
)
_SHAPES: dict[str, Any] = {
    "chat": completions,
    "completions": completions,
    "responses": responses,
    "embeddings": embeddings,
    "messages": messages,
}
_WITHOUT_END = (responses, messages)
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 429: "rate_limit_error"}
_MESSAGES = {429: "Rate limit reached (simulated).", 400: "The request cannot be served (simulated)."}


def _guarded(route: Callable[["Handler", str], None]) -> Callable[["Handler"], None]:
    """Turns refusals into answers; a client that went away ends its connection."""

    @functools.wraps(route)
    def run(self: "Handler") -> None:
        try:
            route(self, urlsplit(self.path).path)
        except Refusal as refusal:
            self.send_json(error_body(str(refusal), kind=refusal.kind), status=refusal.status)
        except ConnectionError:
            self.close_connection = True

    return run


class Handler(Connection):
    """Routes of the simulated server."""

    @property
    def simulated(self) -> "SimulatedServer":
        """The server that this connection is to."""
        return cast("SimulatedServer", self.server)

    @_guarded
    def do_GET(self, path: str) -> None:  # noqa: N802  # the base class's name
        """Books, models and responses by id."""
        if path == "/books":
            self.send_json(self.simulated.books.to_dict())
        elif path == "/v1/models":
            data = [{"id": name, "object": "model", "created": 0, "owned_by": "simulated"} for name in MODELS]
            self.send_json({"object": "list", "data": data})
        elif path.startswith(RETRIEVE):
            self._send_kept(self.simulated.responses.retrieve(path.removeprefix(RETRIEVE)), polled=True)
        else:
            raise _unknown(path)

    @_guarded
    def do_POST(self, path: str) -> None:  # noqa: N802  # the base class's name
        """Calls, cancellations and scripts."""
        if called := _CALL.fullmatch(path):
            self._call(ENDPOINTS[called[1]])
        elif path == "/script":
            try:
                self.send_json({"waiting": self.simulated.script.load(self.read_json())})
            except RuleError as error:
                raise Refusal(400, str(error)) from error
        elif path.startswith(RETRIEVE) and path.endswith(CANCEL):
            self.read_body()
            identity = path.removeprefix(RETRIEVE).removesuffix(CANCEL)
            self._send_kept(self.simulated.responses.cancel(identity), polled=False)
        elif path == COUNT:
            self.read_body()
            self.send_json({"input_tokens": 7})
        else:
            self.read_body()
            raise _unknown(path)

    def _call(self, endpoint: str) -> None:
        """Books the request, then answers it as its rule wants."""
        key = _api_key(self.headers)
        body, refusal = self._body_or_refusal()
        ask = _ask(endpoint, body)
        entry = self.simulated.books.open(api_key=key, model=ask.model or "unknown")
        try:
            rule = self.simulated.script.take(key, ask, header=self.headers.get(RULE_HEADER))
        except RuleError as error:
            rule, refusal = DEFAULT, Refusal(400, str(error))
        refusal = refusal or _refusal(key, ask)
        if refusal is not None:
            self.simulated.books.status(entry, str(refusal.status))
            raise refusal
        time.sleep(min(rule.delay_s, MAX_DELAY_S))
        self._follow(rule, ask, entry)

    def _body_or_refusal(self) -> tuple[Any, Refusal | None]:
        """A request that cannot be read is booked all the same."""
        try:
            return self.read_json(), None
        except Refusal as refusal:
            return None, refusal

    def _follow(self, rule: Rule, ask: Ask, entry: "Entry") -> None:
        books = self.simulated.books
        if rule.drop:
            books.status(entry, "dropped")
            self.hang_up()
        elif rule.status is not None:
            books.status(entry, str(rule.status))
            self._send_error(rule.status, rule)
        elif rule.raw_body is not None:
            books.status(entry, "200")
            self.send_text(rule.raw_body, kind="application/json")
        elif rule.json_body is not None:
            books.status(entry, "200")
            usage = rule.json_body.get("usage", ABSENT) if isinstance(rule.json_body, dict) else ABSENT
            self._tell(Event(rule.json_body, usage), entry)
        else:
            books.status(entry, "200", answered=True)
            self._answer(rule, ask, entry)

    def _answer(self, rule: Rule, ask: Ask, entry: "Entry") -> None:
        reply, used = reply_to(ask, rule), self.simulated.next_row(entry.api_key)
        shape = _SHAPES[ask.endpoint]
        if ask.stream and shape is not embeddings:
            end = b"" if shape in _WITHOUT_END else DONE
            self._stream(list(shape.events(reply, ask, used, rule.usage)), rule, entry, shape=shape, end=end)
            return
        whole = shape.whole(reply, ask, used, rule.usage)
        if shape is responses:
            in_background = bool(ask.body.get("background"))
            polls = rule.polls if in_background else 0
            self.simulated.responses.keep(reply, ask, whole, entry=entry, polls=polls)
            whole = responses.queued(reply, ask) if in_background else whole
        self._tell(whole, entry)

    def _send_kept(self, found: "tuple[Event, Entry] | None", *, polled: bool) -> None:
        if found is None:
            raise Refusal(404, "No response has this id.")
        event, entry = found
        if polled:
            self.simulated.books.poll(entry)
        self._tell(event, entry)

    def _tell(self, event: Event, entry: "Entry") -> None:
        """Sends a whole answer and books its usage."""
        if event.usage is ABSENT:
            self.send_json(event.data)
            return
        with self.simulated.books.telling(entry, event.usage):
            self.send_json(event.data)

    def _stream(self, events: list[Event], rule: Rule, entry: "Entry", *, shape: Any, end: bytes) -> None:
        self.begin_stream()
        for number, event in enumerate(events, start=1):
            if event.usage is ABSENT:
                self.send_chunk(event.encode())
            else:
                with self.simulated.books.telling(entry, event.usage):
                    self.send_chunk(event.encode())
            if number == rule.drop_after_chunks:
                self.hang_up()
                return
            if number == rule.fail_after_chunks:
                self.send_chunk(shape.failure("The server is overloaded (simulated).").encode())
                self.send_chunk(b"")
                return
            if number == rule.stall_after_chunks:
                self.await_disconnect()
                return
        if end:
            self.send_chunk(end)
        self.send_chunk(b"")

    def _send_error(self, status: int, rule: Rule) -> None:
        message = _MESSAGES.get(status, "The server had an error (simulated).")
        wait = {} if rule.retry_after_ms is None else {"retry-after-ms": str(rule.retry_after_ms)}
        if rule.error == "text":
            self.send_text(message, status=status, headers=wait)
        elif rule.error == "string":
            self.send_json({"error": message}, status=status, headers=wait)
        else:
            body = error_body(message, kind=_KINDS.get(status, "server_error"))
            self.send_json(body, status=status, headers=wait)


def _api_key(headers: Any) -> str:
    """As OpenAI's clients send it, as Anthropic's do, or as Azure's."""
    bearer = headers.get("Authorization", "").removeprefix("Bearer ").strip()
    named = (headers.get(name, "").strip() for name in ("X-Api-Key", "api-key"))
    return bearer or next(filter(None, named), ANONYMOUS)


def _refusal(key: str, ask: Ask) -> Refusal | None:
    """What a real server would refuse as well."""
    if key == ANONYMOUS:
        return Refusal(401, "No API key was given.", kind=_KINDS[401])
    if not ask.model:
        return Refusal(400, "The request names no model.")
    return None


def _ask(endpoint: str, body: object) -> Ask:
    if not isinstance(body, dict):
        return Ask(endpoint, "", stream=False, body={})
    model = body.get("model")
    # A model's name goes into the books, which are kept in memory.
    name = model[:200] if isinstance(model, str) else ""
    return Ask(endpoint, name, stream=body.get("stream") is True, body=body)


def _unknown(path: str) -> Refusal:
    return Refusal(404, f"Unknown path: {json.dumps(path[:200])}.")
