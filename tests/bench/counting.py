"""What counting a growing conversation costs the worker, beside counting every request anew.

Run it with `make bench`. Each request carries all that came before, as chats do, and twelve tools. The two
ways take turns, conversation by conversation; the ratio is of their sums.
"""

import json
import statistics
import time

from agentgauge.tokens import count_exchange, definitions, vocabulary

TURNS = 60
ROUNDS = 5
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": f"tool_{number}",
            "description": "Looks something up in the records of the company, by name or by number.",
            "parameters": {
                "type": "object",
                "properties": {
                    name: {"type": "string", "description": f"The {name} to look for."}
                    for name in ("a", "b", "c")
                },
            },
        },
    }
    for number in range(12)
]


def conversation(salt):
    """Requests of one chat, each with its call and result behind the ones before."""
    messages = [{"role": "system", "content": f"Be brief. {salt}"}]
    for turn in range(TURNS):
        text = f"What is new about {turn}, seen from {salt}? " * 20
        call = {
            "id": f"c{turn}",
            "type": "function",
            "function": {"name": "tool_1", "arguments": '{"a":"x"}'},
        }
        messages += [
            {"role": "user", "content": text},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": text * 3},
        ]
        yield {"messages": list(messages), "tools": TOOLS}


def forget():
    """Empties what the worker remembers."""
    vocabulary._memory = vocabulary._Memory(vocabulary._REMEMBERED)
    definitions._block.cache_clear()


def timed(request):
    """Microseconds of one count, and the count."""
    start = time.perf_counter_ns()
    counted = count_exchange(operation="chat", model="gpt-4o", request=request, answers=[])
    return (time.perf_counter_ns() - start) / 1000, counted.input_tokens


def main():
    vocabulary.count_tokens("load it before", encoding="o200k_base")
    remembered, anew = [], []
    for salt in range(ROUNDS):
        forget()
        first = [timed(request) for request in conversation(salt)]
        second = []
        for request in conversation(salt):
            forget()
            second.append(timed(request))
        assert [tokens for _, tokens in first] == [tokens for _, tokens in second]
        remembered += [us for us, _ in first]
        anew += [us for us, _ in second]
    ratio = sum(anew) / sum(remembered)
    rows = [
        {"way": "remembered", "median_us": round(statistics.median(remembered))},
        {"way": "anew", "median_us": round(statistics.median(anew)), "ratio": round(ratio, 1)},
    ]
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
