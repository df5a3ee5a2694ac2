"""Origins as baggage: what we write comes back, and what anybody else writes is bounded."""

from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentgauge.call import Origin
from agentgauge.labels import MOST_CHARS, Few
from agentgauge.remote import members
from agentgauge.remote.members import KEYS, fields_in, members_of, merged

ORIGIN = Origin(
    agent="Übersetzer, Q&A",
    role="responder",
    agent_path="planner/Übersetzer, Q&A",
    workflow="ticket = 1; 2",
    workflow_id="T-42 + 1",
    branch="研究",
)


@pytest.fixture(autouse=True)
def _no_names_of_other_tests(monkeypatch):
    monkeypatch.setattr(members, "_few", {name: Few(members.MOST_NAMES) for name in members._few})


def sent(**fields):
    return merged("", members_of(Origin(**fields)))


def test_what_is_written_is_read():
    read = fields_in(merged("", members_of(ORIGIN)))

    assert Origin(**read | {"workflow": ORIGIN.workflow}) == ORIGIN
    assert read["workflow"] == "ticket _ 1; 2"  # an unusual character of a name from outside


def test_it_is_written_as_the_standard_has_it():
    text = merged("", members_of(ORIGIN))

    assert text.isascii()
    assert not set(text) & set(' "\\+')
    assert text.count(",") == len(KEYS) - 1


def test_a_member_that_opentelemetry_wrote_is_read_too():
    assert fields_in("gen_ai.agent.name = support+bot ;p=1") == {
        "agent": "support bot",
        "agent_path": "support bot",
    }


def test_outside_any_agent_there_is_nothing_to_write():
    assert members_of(Origin()) == {}


def test_members_of_others_stay_and_ours_are_replaced():
    header = "customer=c%201;hidden,gen_ai.agent.name=old, agentgauge.agent.role =old"

    assert merged(header, {"gen_ai.agent.name": "new"}) == "customer=c%201;hidden,gen_ai.agent.name=new"
    assert merged(header, {}) == "customer=c%201;hidden"


def test_a_full_header_stays_as_it_is_but_for_ours():
    full = ",".join(f"k{number}={'v' * 80}" for number in range(99))

    assert merged(f"{full},gen_ai.agent.name=old", {"gen_ai.agent.name": "new" * 40}) == full


HOSTILE = {
    "no header": "",
    "no member": ",,;=,=;,",
    "a key that is not on the list": "user.id=mallory,agentgauge.tag.team=x,agent=x",
    "a key in another case": "GEN_AI.AGENT.NAME=x",
    "a line end": "gen_ai.agent.name=a%0d%0aSet-Cookie:%20b",
    "a NUL": "gen_ai.agent.name=a%00b",
    "no UTF-8": "gen_ai.agent.name=%ff%fe",
    "half a surrogate pair": "gen_ai.agent.name=%ed%a0%80",
    "bytes that are no ASCII": "gen_ai.agent.name=\xff",
    "a name that is too long": f"gen_ai.agent.name={'a' * 129}",
    "a long name, encoded": f"gen_ai.agent.name={'%41' * 129}",
    "an enormous member": f"gen_ai.agent.name={'a' * 100_000}",
    "an enormous header": f"gen_ai.agent.name=planner,{'k=v,' * 100_000}",
    "behind too many members": f"{'k=v,' * 180}gen_ai.agent.name=planner",
    "an empty name": "gen_ai.agent.name=%20%20",
    "a path without an agent": "agentgauge.agent.path=planner/researcher",
}


@pytest.mark.parametrize("header", HOSTILE.values(), ids=HOSTILE)
def test_what_we_could_not_have_written_is_left_out(header):
    assert fields_in(header) == {}


def test_one_bad_member_costs_no_other():
    header = "gen_ai.workflow.name=%ff,gen_ai.agent.name=planner,agentgauge.agent.role=a%0ab"

    assert fields_in(header) == {"agent": "planner", "agent_path": "planner"}


def test_markup_is_no_label():
    assert fields_in(f"gen_ai.agent.name={quote('<script>{{x}}</script>`$')}")["agent"] == (
        "_script___x___/script___"
    )


def test_a_path_that_does_not_end_with_the_agent_is_not_believed():
    header = "gen_ai.agent.name=writer,agentgauge.agent.path=planner/researcher"

    assert fields_in(header)["agent_path"] == "writer"


def test_a_path_is_at_most_eight_deep():
    path = "/".join([*"abcdefghijkl", "writer"])

    assert fields_in(sent(agent="writer", agent_path=path))["agent_path"] == "f/g/h/i/j/k/l/writer"


def test_names_from_outside_are_bounded_in_number():
    names = {fields_in(f"gen_ai.agent.name=a{n}")["agent"] for n in range(members.MOST_NAMES + 500)}

    assert len(names) == members.MOST_NAMES + 1
    assert "other" in names


def test_an_id_is_no_label_and_not_bounded_in_number():
    ids = {fields_in(f"agentgauge.workflow.id=T-{n}")["workflow_id"] for n in range(1000)}

    assert len(ids) == 1000


noise = st.text(st.characters(codec="ascii"), max_size=300)
pieces = st.sampled_from([*KEYS, "=", ",", ";", "%", "%0a", "%e2%82", "+", "/", " ", "a" * 130, "\x00"])


@settings(max_examples=500, deadline=None)
@given(st.lists(noise | pieces, max_size=40).map("".join))
def test_no_header_raises_or_gets_past_the_bounds(header):
    read = fields_in(header)

    assert read.keys() <= set(KEYS.values())
    for field, name in read.items():
        assert 0 < len(name) <= (8 * (MOST_CHARS + 1) if field == "agent_path" else MOST_CHARS)
        assert name.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.lists(noise | pieces, max_size=20).map("".join))
def test_merging_never_doubles_and_never_raises(header):
    keys = [part.partition("=")[0].strip() for part in merged(header, {"gen_ai.agent.name": "a"}).split(",")]

    assert keys.count("gen_ai.agent.name") <= 1
