"""Model families: which vocabulary each uses, and what its chat format costs around the text.

The constants were fitted to recorded requests with the provider's own counts (gpt-3.5 to gpt-5); a model of
another maker is counted with o200k_base and marked as not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from agentgauge.tokens.claude import Claude, claude_of

O200K = "o200k_base"
CL100K = "cl100k_base"


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of models counts. All numbers are tokens.

    Attributes:
        encoding: name of the vocabulary.
        known: the vocabulary is the model's own; otherwise counts are only proportional to the truth.
        reply: what starts the answer, once a request.
        pair: around a tool call and its result in the history of a chat.
        pair_responses: the same in the Responses API, where the name is in full twice (16 rows).
        kept: added there to a call that is sent with its item's id (26 rows with, 45 without).
        final: added to an earlier answer's text, the name of its channel in the published harmony format
            (30 rows).
        parallel: around several calls of one message and their results.
        titles: the declarations show titles.
        tools: added once to a chat request with tools, and `tools_with_system` where it has a system message.
        responses_block: added to the tools' block in the Responses API, and with a system message.
        responses_required: added there where `tool_choice` is `required` (2 rows).
        responses_format: added there where the answer's format is a JSON schema.
        forced: added, beside the name, where `tool_choice` names a function.
        responses_forced: naming one costs in the Responses API what it does in chat (2 rows say that it costs
            nothing on gpt-5).
        bare: added where the first declaration has no comment (11 rows).
        forgets: reasoning from before the user's last message is left out of the prompt, as OpenAI documents
            (10 rows, 8 of them exact); from gpt-5.6 on it stays.
        claude: what Anthropic's format adds, None elsewhere.
    """

    encoding: str
    known: bool = True
    reply: int = 3
    pair: int = 12
    pair_responses: int = 11
    kept: int = 0
    final: int = 0
    parallel: int = 20
    titles: bool = True
    tools: int = 0
    tools_with_system: int = 0
    responses_block: int = -6
    responses_block_with_system: int = -2
    responses_required: int = 9
    responses_format: int = 1
    forced: int = 7
    responses_forced: bool = True
    bare: int = 0
    forgets: bool = False
    claude: Claude | None = None


_OLD = Family(CL100K)
_GPT_4 = replace(_OLD, titles=False, forced=5)
_GPT_4O = Family(O200K, pair_responses=9, kept=3)
_REASONING = Family(
    O200K,
    reply=2,
    pair=18,
    pair_responses=18,
    parallel=26,
    responses_block=0,
    responses_block_with_system=4,
    responses_required=0,
    responses_format=0,
    responses_forced=False,
    bare=-1,
    forgets=True,
)
_GPT_5 = replace(_REASONING, final=2, tools=82, tools_with_system=85)
_FIRST_GPT_5 = replace(_GPT_5, pair_responses=15)
_GPT_5_6 = replace(_GPT_5, forgets=False)
_UNKNOWN = Family(O200K, known=False)

_FAMILIES = (
    (re.compile(r"gpt-5(-mini|-nano)?(-\d{4}|$)"), _FIRST_GPT_5),
    (re.compile(r"gpt-5\.[6-9]"), _GPT_5_6),
    (re.compile(r"gpt-5"), _GPT_5),
    (re.compile(r"o\d(?!\d)|codex"), _REASONING),
    (re.compile(r"(chat)?gpt-4o|gpt-4\.1|gpt-4\.5|computer-use"), _GPT_4O),
    (re.compile(r"gpt-4(-0314|-0613|-32k.*)?$"), _GPT_4),
    (re.compile(r"gpt-4|gpt-3|text-embedding-|davinci|babbage"), _OLD),
)


@lru_cache(maxsize=256)
def family_of(model: str) -> Family:
    """The family of a model's name; `openai/` and `ft:` before it are overlooked."""
    name = model.lower().rpartition("/")[2].removeprefix("ft:")
    if costs := claude_of(name):
        return replace(_UNKNOWN, claude=costs)
    return next((family for pattern, family in _FAMILIES if pattern.match(name)), _UNKNOWN)
