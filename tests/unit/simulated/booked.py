"""What tests of the simulated server ask, and how they read its books."""

KEY = "sim-tester"
ASK = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}
WEATHER = {
    "name": "weather",
    "description": "The weather in a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
TOOLS = [{"type": "function", "function": WEATHER}]


def rules(server, *given, key=KEY):
    server.script.load({"api_key": key, "rules": list(given)})


def book(server, key=KEY):
    return server.books.to_dict()["by_api_key"][key]


def told(usage):
    """A usage as the books have it: input, output, reasoning, cached."""
    return (
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.completion_tokens_details.reasoning_tokens,
        usage.prompt_tokens_details.cached_tokens,
    )


def booked(counts):
    names = ("input_tokens", "output_tokens", "reasoning_tokens", "cache_read_tokens")
    return tuple(counts[name] for name in names)


def added(usages):
    return tuple(sum(column) for column in zip(*map(told, usages), strict=True))
