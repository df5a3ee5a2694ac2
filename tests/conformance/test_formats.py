"""The formats of earlier trackers, from real calls: what they show is what the server booked."""

import csv
import io
import re
import threading

import pytest

from agentgauge import formats, routing
from agentgauge.pipeline import events
from agentgauge.report.requests import request_query
from agentgauge.scopes import scope
from agentgauge.store.read import Selection, open_store
from books import rows
from conftest import KEY

MESSAGES = [{"role": "user", "content": "What sells in summer?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "market",
            "description": "Looks a market up.",
            "parameters": {"type": "object", "properties": {"drink": {"type": "string"}}},
        },
    }
]


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """On a busy machine the vocabulary takes longer to load than a user's program would be kept waiting."""
    monkeypatch.setattr(scope, "USAGE_WAIT_S", 60.0)
    monkeypatch.setattr(events, "COUNT_WAIT_S", 60.0)


def ask(client, model="gpt-4o-mini", **more):
    return client.chat.completions.create(model=model, messages=MESSAGES, **more)


def booked(server, key=KEY):
    return server.books.to_dict()["by_api_key"][key]


class TestTrial:
    """`llm_usage` of a benchmark."""

    def test_before_the_fork_branches_memory_and_retries_stand_apart(self, gauge, client, server):
        with gauge.workflow("trial", id="7") as trial:
            ask(client)
            before = booked(server)
            server.script.load({"api_key": KEY, "rules": [{"status": 500, "retry_after_ms": 1}]})
            with trial.branch("b1"), gauge.role("memory"):
                ask(client, "gpt-4.1")
            with trial.branch("b2"):
                ask(client)

        told = formats.llm_usage(trial, details=True)
        usage, details, book = told["llm_usage"], told["llm_usage_details"], booked(server)

        assert usage["prompt_tokens"] == book["input_tokens"]
        assert usage["calls_by_model"] == {"gpt-4o-mini": 2, "gpt-4.1": 1}
        assert details["before_fork"]["prompt_tokens"] == before["input_tokens"]
        assert details["memory"] == details["branches"]["b1"] == details["by_role"]["memory"]
        assert (details["memory"]["retries"], details["memory"]["requests"]) == (1, 2)
        parts = [details["before_fork"], *details["branches"].values()]
        for name in ("total_calls", "prompt_tokens", "completion_tokens", "total_tokens", "requests"):
            whole = (usage | details)[name]
            assert sum(part[name] for part in parts) == whole
            assert details["memory"][name] + details["response"][name] == whole

    def test_a_call_that_failed_counts_and_reasoning_nobody_reported_is_none(self, gauge, client, server):
        rules = [{"status": 400}, {"usage": {"prompt_tokens": 9, "completion_tokens": 4}}]
        server.script.load({"api_key": KEY, "rules": rules})
        with gauge.workflow("trial", id="7") as trial:
            with pytest.raises(Exception, match="400"):
                ask(client)
            ask(client)

        told = formats.llm_usage(trial, details=True)

        assert told["llm_usage"] == {
            "total_calls": 2,
            "prompt_tokens": 9,
            "completion_tokens": 4,
            "reasoning_tokens": None,
            "total_tokens": 13,
            "calls_by_model": {"gpt-4o-mini": 2},
        }
        assert told["llm_usage_details"]["failed_calls"] == 1
        assert told["llm_usage_details"]["source"] == "provider"

    @pytest.mark.parametrize(
        ("reported", "reasoning", "completion", "total"),
        [
            ({"total_tokens": 30, "completion_tokens_details": {"reasoning_tokens": 6}}, 6, 10, 30),
            ({"total_tokens": 36, "completion_tokens_details": {"reasoning_tokens": 6}}, 6, 16, 36),
            ({"total_tokens": 42}, None, 10, 42),
            ({}, None, 10, 30),
            ({"total_tokens": 3}, None, 10, 30),
        ],
        ids=["part of completion", "apart", "an unexplained rest", "no total", "a total below its parts"],
    )
    def test_the_total_is_what_the_server_said(
        self, gauge, client, server, reported, reasoning, completion, total
    ):
        usage = {"prompt_tokens": 20, "completion_tokens": 10, **reported}
        server.script.load({"api_key": KEY, "rules": [{"usage": usage}]})
        with gauge.workflow("trial", id="7") as trial:
            ask(client)

        told = formats.llm_usage(trial)["llm_usage"]

        assert (told["reasoning_tokens"], told["completion_tokens"], told["total_tokens"]) == (
            reasoning,
            completion,
            total,
        )
        assert formats.trials() == [{"workflow": "trial", "id": "7", "llm_usage": told}]

    def test_calls_outside_any_workflow_are_no_trial(self, gauge, client):
        ask(client)

        assert formats.trials() == []

    def test_before_the_first_call_everything_is_zero(self, gauge):
        with gauge.workflow("trial", id="7") as trial:
            told = formats.llm_usage(trial)["llm_usage"]

        assert (told["total_calls"], told["total_tokens"], told["calls_by_model"]) == (0, 0, {})


class TestLines:
    """What a command-line assistant shows."""

    SIDE = r"(\d+) tokens \((\d+) chars\)"
    LINE = rf"   \[Input: {SIDE}, Output: {SIDE}, Total: (\d+) tokens\]"

    def test_an_answers_line_has_the_servers_tokens_and_the_characters_sent_and_received(
        self, gauge, client, server
    ):
        with gauge.agent("assistant") as assistant:
            answer = ask(client).choices[0].message.content

        shown = re.fullmatch(self.LINE, formats.call_line(assistant.last_call))
        book = booked(server)

        assert [int(number) for number in shown.groups()] == [
            book["input_tokens"],
            len(MESSAGES[0]["content"]),
            book["output_tokens"],
            len(answer),
            book["input_tokens"] + book["output_tokens"],
        ]

    def test_what_was_counted_here_says_so(self, gauge, client, server):
        server.script.load({"api_key": KEY, "rules": [{"usage": "none"}]})
        with gauge.agent("assistant") as assistant:
            ask(client)

        assert re.fullmatch(self.LINE + r" \(estimated\)", formats.call_line(assistant.last_call))

    def test_what_nobody_knows_is_unknown(self, gauge, client, server):
        server.script.load({"api_key": KEY, "rules": [{"status": 400}]})
        with gauge.agent("assistant") as assistant, pytest.raises(Exception, match="400"):
            ask(client)

        assert formats.call_line(assistant.last_call) == (
            f"   [Input: unknown tokens ({len(MESSAGES[0]['content'])} chars), "
            "Output: unknown tokens (unknown chars), Total: unknown tokens]"
        )

    def test_a_parsers_text_is_estimated_named_and_no_call(self, gauge):
        with gauge.workflow("task") as task, gauge.step("parse") as step:
            step.note_method("Dynamic parser", **formats.parser_tokens("a" * 216, "b" * 92))

        assert formats.parser_lines("a" * 216, "b" * 92) == (
            "   [Input: 54 tokens (216 chars), Output: 23 tokens (92 chars), Total: 77 tokens] (estimated)\n"
            "   [Method: Dynamic parser (rule-based, no LLM)]"
        )
        assert formats.parser_tokens("one two three", "", by="words") == {
            "input_tokens": 4,
            "output_tokens": 0,
        }
        assert task.usage.calls == 0

    def test_a_checklist_is_ticked_as_steps_end_well(self, gauge):
        with gauge.workflow("task") as task:
            task.plan(["Create file structure", "Write code", "Test"])
            with gauge.agent("coder"), gauge.step("Create file structure", index=1, count=3):
                assert formats.checklist(task).startswith("  [ ] 1. Create file structure")
            with pytest.raises(ValueError, match="no"), gauge.step("Write code", index=2, count=3):
                raise ValueError("no")

            assert formats.checklist(task) == (
                "  [x] 1. Create file structure\n  [ ] 2. Write code\n  [ ] 3. Test"
            )

    def test_a_step_stands_between_lines_of_60_dashes(self):
        assert formats.step_lines("Create file structure", index=1, count=3) == (
            f"{'─' * 60}\nStep 1/3: Create file structure\n{'─' * 60}"
        )

    def test_statistics_name_files_models_with_tier_and_purposes_and_templates(self, gauge, client, server):
        with gauge.workflow("task", id="1") as task:
            for purpose in ("code_generation", "planning"):
                with routing.route("gpt-4o-mini", tier=2, purpose=purpose):
                    ask(client)
            task.note_file("app.py", "created")
            task.note_file("README.md", "modified")
            task.note_template("flask", 0.83)

        told, book = formats.execution_statistics(), booked(server)

        assert "  Created: 1\n    - app.py\n  Modified: 1\n    - README.md" in told
        tokens = book["input_tokens"] + book["output_tokens"]
        assert f"gpt-4o-mini (Tier 2) - code_generation, planning [{tokens} tokens]" in told
        assert "flask (relevance: 0.83)" in told
        assert re.search(r"Execution time: \d+\.\d\ds$", told)


class TestIterations:
    """What an agent reads about itself."""

    def test_the_current_and_the_cumulative_usage_of_each_iteration(self, gauge, client, server):
        seen = []
        with gauge.agent("worker"):
            seen.append(formats.iteration_usage())
            for _ in range(2):
                ask(client)
                seen.append(formats.iteration_usage())
        zero, first, second = seen

        assert zero["current"] == zero["cumulative"] == dict.fromkeys(zero["current"], 0)
        assert first["current"] == first["cumulative"]
        book = booked(server)
        assert second["cumulative"]["input_tokens"] == book["input_tokens"]
        assert second["current"]["output_tokens"] == (
            book["output_tokens"] - first["current"]["output_tokens"]
        )

    def test_a_failed_call_adds_nothing_and_breaks_nothing(self, gauge, client, server):
        server.script.load({"api_key": KEY, "rules": [{}, {"status": 400}]})
        with gauge.agent("worker"):
            ask(client)
            before = formats.iteration_usage()
            with pytest.raises(Exception, match="400"):
                ask(client)
            after = formats.iteration_usage()

        assert after["cumulative"] == before["cumulative"]
        assert set(after["current"].values()) == {None}

    def test_every_call_is_told_in_its_own_thread_with_what_its_scope_has_used(self, gauge, client, server):
        told = []
        hearing = formats.on_call(
            lambda event: told.append((threading.get_ident(), formats.event_usage(event)))
        )
        with hearing, gauge.agent("worker"):
            ask(client)
            ask(client)
        ask(client)

        assert [thread for thread, _ in told] == [threading.get_ident()] * 2
        first, second = (event for _, event in told)
        assert (first["agent"], first["source"], first["model"]) == ("worker", "provider", "gpt-4o-mini")
        assert second["cumulative"]["total_tokens"] == (
            first["current"]["total_tokens"] + second["current"]["total_tokens"]
        )

    def test_an_error_in_a_callback_reaches_nobody(self, gauge, client, monkeypatch):
        from agentgauge import guard

        monkeypatch.setattr(guard, "reraise", False)
        with formats.on_call(lambda event: 1 / 0):
            assert ask(client).choices
        assert guard.failures.pop("telling a callback of a call: ZeroDivisionError") == 1


class TestRequests:
    """One record per request."""

    def newsroom(self, gauge, client):
        with gauge.agent("host"):
            ask(client)
        with gauge.agent("editor"):
            answer = ask(client, tools=TOOLS).choices[0].message
            result = {"role": "tool", "tool_call_id": answer.tool_calls[0].id, "content": "Lemonade sells."}
            history = [*MESSAGES, answer.model_dump(exclude_none=True), result]
            client.chat.completions.create(model="gpt-4o-mini", messages=history, tools=TOOLS)
        gauge.record_call(
            model="local", input_tokens=5, output_tokens=None, agent="producer", action="analyze",
            outcome="error", error="TimeoutError", duration_s=1.5,
        )  # fmt: skip

    def test_each_has_what_is_known_of_it_and_none_for_the_rest(self, gauge, client, server):
        self.newsroom(gauge, client)

        host, first, second, by_hand = formats.requests()

        assert sum(r["input_tokens"] for r in (host, first, second)) == booked(server)["input_tokens"]
        assert [r["request_type"] for r in (host, first, by_hand)] == ["host", "editor", "producer"]
        assert (first["tools_used"], second["tools_used"], host["tools_used"]) == (["market"], ["market"], [])
        assert second["tool_result_tokens"] > first["tool_result_tokens"] == 0
        assert first["tool_definition_tokens"] > 0 < first["estimated_cost_usd"]
        assert (by_hand["output_tokens"], by_hand["total_tokens"], by_hand["duration_s"]) == (None, 5, 1.5)
        assert (by_hand["success"], by_hand["error"], by_hand["action"]) == (False, "TimeoutError", "analyze")
        assert by_hand["estimated_cost_usd"] is None

    def test_those_with_tools_are_found_by_the_stores_index(self, gauge, client, store):
        self.newsroom(gauge, client)

        assert [r["request_type"] for r in formats.requests(has_tools=True)] == ["editor", "editor"]
        assert [r["request_type"] for r in formats.requests(has_tools=False)] == ["host", "producer"]
        sql, values = request_query(Selection(start_ns=1), has_tools=True)
        with open_store(store) as opened:
            plan = " ".join(row["detail"] for row in opened.query(f"EXPLAIN QUERY PLAN {sql}", values))
        assert "USING INDEX calls_has_tools" in plan

    def test_csv_has_a_heading_and_a_line_each_and_no_formulas(self, gauge, client):
        self.newsroom(gauge, client)
        gauge.record_call(model="=1+1", input_tokens=1, output_tokens=1)

        lines = list(csv.DictReader(io.StringIO(formats.to_csv(formats.requests()))))

        assert [line["has_tools"] for line in lines] == ["false", "true", "true", "false", "false"]
        assert (lines[3]["output_tokens"], lines[4]["model"]) == ("", "'=1+1")

    def test_analytics_count_tools_once_unless_asked_for_the_older_sum(self, gauge, client, server):
        self.newsroom(gauge, client)
        report = formats.report()
        told = formats.tool_analytics(report)
        older = formats.tool_analytics(report, tools_on_top=True)

        assert (told["requests"], told["requests_with_tools"], told["share_with_tools"]) == (4, 2, 0.5)
        assert told["total_tokens"] == report["totals"]["total_tokens"]
        extra = told["tool_definition_tokens"] + told["tool_result_tokens"]
        assert older["total_with_tools_on_top"] == told["total_tokens"] + extra > told["total_tokens"]
        assert told["tools"]["market"]["calls"] == 1

    def test_what_a_request_would_use_is_counted_recorded_or_a_marked_last_resort(self, gauge, client):
        fresh = formats.expected(MESSAGES, tools=TOOLS, model="gpt-4o-mini")
        self.newsroom(gauge, client)
        known = formats.expected(MESSAGES, tools=TOOLS, model="gpt-4o-mini")
        odd = formats.expected(MESSAGES, tools=[*TOOLS, {"type": "web_search"}], model="gpt-4o-mini")

        assert (fresh.definition_source, fresh.result_source, fresh.result_tokens) == (
            "counted",
            "assumed",
            300,
        )
        recorded = formats.requests()[2]["tool_result_tokens"]
        assert (known.result_source, known.result_tokens) == ("recorded", recorded)
        assert (odd.definition_source, odd.definition_tokens) == ("mixed", known.definition_tokens + 200)
        assert odd.result_source == "mixed"


class TestTextExport:
    """A marketing crew's export, measured."""

    def numbers(self, text, name):
        return [int(found) for found in re.findall(rf"^\s*{name}: (\d+)$", text, re.MULTILINE)]

    def test_agents_add_up_to_the_whole_and_the_whole_is_the_servers(self, gauge, client, server, store):
        with gauge.workflow("campaign", id="68fa", tags={"optimization_level": "blackboard"}):
            for index, agent in enumerate(("analyst", "writer"), start=1):
                with gauge.agent(agent), gauge.step(f"{agent}_task", index=index, count=2):
                    ask(client, tools=TOOLS)
        ask(client)

        text = formats.text_export(formats.Recorded(workflow_id="68fa"))
        calls = [call for call in rows(store) if call["workflow_id"] == "68fa"]

        for name, column in (("Input Tokens", "input_tokens"), ("Output Tokens", "output_tokens")):
            whole, *agents = self.numbers(text, name)
            assert whole == sum(agents) == sum(call[column] for call in calls)
        total, *agents = self.numbers(text, "Total Tokens")
        assert (
            total
            == sum(agents[:2])
            == self.numbers(text, "Input Tokens")[0] + self.numbers(text, "Output Tokens")[0]
        )
        costs = [round(float(c) * 1e9) for c in re.findall(r"Cost: \$([\d.]+)$", text, re.MULTILINE)]
        assert costs[0] == sum(costs[1:3]) == sum(call["cost_nanousd"] for call in calls)
        assert "Workflow ID: 68fa\nOptimization Level: blackboard\n" in text
        assert "Source: provider\n" in text
        assert "Estimated: No\nOptimization: BLACKBOARD\n" in text
        assert re.search(r"\n  Tasks:\n    analyst_task: \d+ tokens \(\d+\.\ds\)\n", text)
        assert re.search(r"\nStep 2: writer - writer_task\n  Tokens: \d+\n", text)
        assert "\nmarket:\n  Calls: 2\n" in text
        assert booked(server)["requests"] == 3

    def test_what_nobody_said_is_unknown(self, gauge):
        gauge.record_call(model="local", input_tokens=5, output_tokens=1, usage_source="estimated")

        text = formats.text_export()

        assert "Workflow ID: unknown\nOptimization Level: unknown\n" in text
        assert "Total Cost: unknown\n" in text
        assert "Source: estimated\n" in text
        assert "Estimated: Yes\n" in text
        assert "Cost Efficiency: unknown\n" in text


def test_an_older_store_is_read_and_written_on(gauge, client, store):
    """One without the column for what a server's total has beyond its parts."""
    import sqlite3

    ask(client)
    gauge.shutdown()
    with sqlite3.connect(store) as db:
        db.execute("ALTER TABLE calls DROP COLUMN outside_tokens")

    assert formats.report(formats.Recorded(store=store))["totals"]["calls"] == 1

    gauge.init("again", store=store)
    with gauge.workflow("trial", id="7"):
        gauge.record_call(model="m", input_tokens=1, output_tokens=1)

    assert formats.trials()[0]["llm_usage"]["total_calls"] == 1
