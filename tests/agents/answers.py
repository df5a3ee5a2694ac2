"""What the simulated server says to each agent: the JSON that its library wants, and what it must survive."""


def _says(value, **more):
    return {"endpoint": "chat", "json_answer": value, **more}


_UPDATER = {"model": "openai/gpt-oss-120b"}
_NOTE = {
    "keywords": ["Ana"],
    "context": "People",
    "tags": ["person"],
    "should_evolve": False,
    "actions": [],
    "suggested_connections": [],
    "tags_to_update": [],
    "new_context_neighborhood": [],
    "new_tags_neighborhood": [],
}
_MEM0_1 = [
    {"endpoint": "chat", "answer": "Hello Ana."},
    _says({"facts": ["Name is Ana", "Lives in Lima"]}),
    _says(
        {
            "memory": [
                {"id": "0", "text": "Name is Ana", "event": "ADD"},
                {"id": "1", "text": "Lives in Lima", "event": "ADD"},
            ]
        }
    ),
    {"endpoint": "chat", "answer": "In Lima."},
    _says({"facts": ["Lives in Lima"]}),
    _says({"memory": [{"id": "0", "text": "Lives in Lima", "event": "NONE"}]}),
]
_MEM0_2 = [
    {"endpoint": "chat", "answer": "Hello Ana."},
    _says({"memory": [{"id": "0", "text": "Ana lives in Lima", "attributed_to": "user"}]}),
    {"endpoint": "chat", "answer": "In Lima."},
    _says({"memory": []}),
]


def rules_for(agent, *, mem0):
    """The rules of one trial, in order; `mem0` is the major version of the library."""
    if agent == "mem0_memory":
        return {1: _MEM0_1, 2: _MEM0_2}[mem0]
    if agent == "amem_memory":
        return [_says(_NOTE, times=None)]
    if agent == "responder_updater":
        return [
            _UPDATER | {"answer": "This is no JSON."},
            _UPDATER | {"status": 500, "retry_after_ms": 1},
            _UPDATER | {"json_answer": {"facts": ["Ana"]}, "times": None},
        ]
    return []
