"""Stands for a memory library: it knows nothing of agentgauge, and makes model calls that nobody sees."""

from __future__ import annotations

import json

from openai import OpenAI, OpenAIError


class Memory:
    """Facts and their vectors; every `remember` costs one chat and one embeddings call."""

    def __init__(self, *, base_url: str | None, api_key: str | None, model: str) -> None:
        self.facts: list[tuple[str, list[float]]] = []
        self._client = OpenAI(base_url=base_url, api_key=api_key)
        self._model = model

    def remember(self, text: str, *, embedding_model: str) -> int:
        """Stores the facts in a text; returns how many. Errors are swallowed, as such libraries do."""
        try:
            facts = self._facts(text)
            vectors = self._client.embeddings.create(model=embedding_model, input=facts or [text or "-"]).data
        except OpenAIError:
            return 0
        self.facts += [(fact, vector.embedding) for fact, vector in zip(facts, vectors, strict=False)]
        return len(facts)

    def _facts(self, text: str) -> list[str]:
        answer = self._client.chat.completions.create(
            model=self._model,
            response_format={"type": "json_object"},
            messages=[
                {"role": "system", "content": 'Extract facts as JSON: {"facts": ["..."]}'},
                {"role": "user", "content": text},
            ],
        )
        try:
            return [str(fact) for fact in json.loads(answer.choices[0].message.content or "")["facts"]]
        except (ValueError, KeyError, TypeError):
            return []
