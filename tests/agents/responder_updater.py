"""A model that answers, and a second one that writes what was learned, as JSON, in up to five attempts."""

import json
import os

from openai import OpenAI, OpenAIError

RESPONDER, UPDATER = "openai/gpt-oss-20b", "openai/gpt-oss-120b"
ATTEMPTS = 5
QUESTIONS = ("My name is Ana.", "What is my name?")


def respond(client, memory, question):
    messages = [
        {"role": "system", "content": f"You know: {json.dumps(memory)}"},
        {"role": "user", "content": question},
    ]
    answer = client.chat.completions.create(model=RESPONDER, messages=messages)
    return answer.choices[0].message.content


def update(client, memory, question, answer):
    """The new memory; the old one when every attempt failed or was no JSON."""
    task = f'Update {json.dumps(memory)} by: {question} {answer}. Answer as JSON: {{"facts": []}}'
    for _ in range(ATTEMPTS):
        try:
            said = client.chat.completions.create(
                model=UPDATER, messages=[{"role": "user", "content": task}], temperature=0
            )
            return json.loads(said.choices[0].message.content)["facts"]
        except (OpenAIError, ValueError, KeyError, TypeError):
            continue
    return memory


def run(key):
    memory = []
    with OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key=key, max_retries=1) as client:
        for question in QUESTIONS:
            memory = update(client, memory, question, respond(client, memory, question))


if __name__ == "__main__":
    run(os.environ["OPENAI_API_KEY"])
