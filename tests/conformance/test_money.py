"""What a call costs: who says so, over real HTTP with answers that are written here."""

import pytest

from agentgauge.config import read_settings
from books import rows

MODEL = "gpt-4o-mini"  # on the public list: 0.15 USD per million tokens in, 0.60 out
USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}


@pytest.fixture
def priced(server, store, client, tmp_path):
    """Makes one call that is answered with `changes`, and returns its row."""
    import agentgauge

    def run(*, provider="openai", prices=None, usage=None, **changes):
        path = tmp_path / "prices.toml"
        path.write_text(prices or "")
        host = server.url.split("//")[1]
        given = {"store": str(store), "providers": {host: provider}, "prices": str(path)}
        agentgauge.init(settings=read_settings({}, service_name="money", set_global=False, **given))
        message = {"role": "assistant", "content": "Hello"}
        body = {
            "id": "c",
            "object": "chat.completion",
            "created": 1,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": USAGE | (usage or {}),
        }
        server.script.load({"api_key": "*", "rules": [{"json_body": body | changes}]})
        client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])
        agentgauge.shutdown()
        (row,) = rows(store)
        assert (row["cost_nanousd"] or 0) == (row["input_nanousd"] or 0) + (row["output_nanousd"] or 0)
        warned = rows(store, "SELECT * FROM warnings")
        return row["cost_nanousd"], row["cost_source"], [warning["message"] for warning in warned]

    return run


def test_the_public_list_is_the_default(priced):
    assert priced() == (1000 * 150 + 100 * 600, "genai-prices", [])


def test_a_price_of_ones_own_goes_before_the_list(priced):
    own = "[[price]]\nmodel = 'gpt-4o*'\ninput = 1\noutput = 2\n"

    assert priced(prices=own) == (1000 * 1000 + 100 * 2000, "override", [])


def test_the_first_entry_that_fits_counts(priced):
    own = f"[[price]]\nmodel = '{MODEL}'\ninput = 1\noutput = 2\n[[price]]\ninput = 9\noutput = 9\n"

    assert priced(prices=own)[0] == 1_200_000


def test_a_discount_is_taken_off_the_list(priced):
    assert priced(prices="[[price]]\nprovider = 'openai'\ndiscount = 0.15\n") == (178_500, "override", [])


def test_a_machine_that_is_paid_for_costs_nothing_and_is_not_unpriced(priced):
    assert priced(provider="our-own", prices="[[price]]\nper_hour = 0\n") == (0, "override", [])


def test_flex_is_billed_at_half_by_openai(priced):
    assert priced(service_tier="flex") == (105_000, "genai-prices", [])


def test_elsewhere_a_tier_is_only_a_word(priced):
    assert priced(provider="our-own", service_tier="flex")[1] == "unpriced"


def test_a_tier_that_the_list_has_is_priced_by_its_rates(priced):
    in_and_out = 250 * 1000 + 1000 * 100  # 0.25 USD per million tokens in, 1 out

    assert priced(service_tier="priority") == (in_and_out, "genai-prices", [])


def test_a_tier_without_a_known_price_is_unpriced_and_says_what_to_do(priced):
    cost, source, (said,) = priced(service_tier="scale")

    assert (cost, source) == (None, "unpriced")
    assert 'service_tier = "scale"' in said


OPUS = {"provider": "anthropic", "model": "claude-opus-4-8"}  # 5 USD per million tokens in, 25 out


@pytest.mark.parametrize(
    ("said", "cost"),
    [
        ({"service_tier": "standard", "speed": "standard", "inference_geo": "global"}, 7_500_000),
        ({"speed": "fast"}, 15_000_000),
        ({"service_tier": "batch"}, 3_750_000),
        ({"inference_geo": "us"}, 8_250_000),
        ({"speed": "fast", "inference_geo": "us"}, 16_500_000),
        ({"server_tool_use": {"web_search_requests": 3, "web_fetch_requests": 9}}, 37_500_000),
    ],
)
def test_what_claude_says_in_its_usage_changes_the_price(priced, said, cost):
    assert priced(**OPUS, usage=said) == (cost, "genai-prices", [])


@pytest.mark.parametrize(
    ("model", "said"),
    [("claude-opus-4-8", {"service_tier": "priority"}), ("claude-sonnet-4-0", {"speed": "fast"})],
)
def test_a_tier_of_claude_that_the_list_has_not_is_unpriced(priced, model, said):
    cost, source, (why,) = priced(provider="anthropic", model=model, usage=said)

    assert (cost, source) == (None, "unpriced")
    assert f'service_tier = "{next(iter(said.values()))}"' in why


def test_a_fee_that_no_list_has_is_said_to_be_left_out(priced):
    cost, source, (said,) = priced(**OPUS, usage={"server_tool_use": {"code_execution_requests": 1}})

    assert (cost, source) == (7_500_000, "genai-prices")
    assert "code_execution" in said
    assert "a lower bound" in said


def test_the_rates_of_a_tier_can_be_named(priced):
    own = "[[price]]\nservice_tier = 'priority'\ninput = 0.25\noutput = 1\n"

    assert priced(service_tier="priority", prices=own) == (350_000, "override", [])


def test_audio_tokens_are_not_charged_as_text(priced):
    cost, source, (said,) = priced(usage={"prompt_tokens_details": {"audio_tokens": 400}})

    assert (cost, source) == (None, "unpriced")
    assert "audio" in said


def test_details_that_say_no_audio_change_nothing(priced):
    assert priced(usage={"prompt_tokens_details": {"audio_tokens": 0}})[0] == 210_000


def test_what_claude_keeps_for_an_hour_costs_twice_the_input(priced):
    written = {
        "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 600},
        "cache_creation": {"ephemeral_5m_input_tokens": 200, "ephemeral_1h_input_tokens": 400},
    }

    cost = priced(
        provider="anthropic", model="claude-sonnet-4-0", usage=written
    )  # 3 USD per million in, 15 out

    assert cost == (100 * 300 + 200 * 3750 + 400 * 6000 + 300 * 3000 + 100 * 15_000, "genai-prices", [])


def test_an_hour_in_the_cache_can_have_a_price_of_ones_own(priced):
    own = "[[price]]\ninput = 3\ncache_write = 4\ncache_write_1h = 5\noutput = 15\n"
    written = {
        "prompt_tokens_details": {"cache_write_tokens": 600},
        "cache_creation": {"ephemeral_1h_input_tokens": 400},
    }

    assert priced(prices=own, usage=written)[0] == 200 * 4000 + 400 * 5000 + 400 * 3000 + 100 * 15_000


def test_what_openrouter_billed_is_the_truth(priced):
    assert priced(provider="openrouter", usage={"cost": 0.000_123_456_7}) == (123_457, "provider", [])


def test_what_xai_billed_is_the_truth(priced):
    assert priced(provider="x_ai", usage={"cost_in_usd_ticks": 37_756_000})[:2] == (3_775_600, "provider")


@pytest.mark.parametrize("cost", [-1, "1", True, float("1e9"), None, [0.1]])
def test_an_amount_that_cannot_be_is_none(priced, cost):
    assert priced(provider="openrouter", usage={"cost": cost})[1] == "unpriced"


def test_nobody_else_is_believed_about_money(priced):
    assert priced(usage={"cost": 5.0}) == (210_000, "genai-prices", [])


def test_a_broken_price_file_is_said_once_and_the_list_holds(priced):
    cost, source, (said,) = priced(prices="[[price]]\ninput = 'cheap'\n")

    assert (cost, source) == (210_000, "genai-prices")
    assert "input must be USD" in said
    assert "Only the public price list is used" in said


def test_a_server_without_a_name_for_itself_is_still_unpriced(server, store, client):
    import agentgauge

    agentgauge.init(settings=read_settings({}, store=str(store), set_global=False))
    client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hello"}])
    agentgauge.shutdown()

    assert [row["cost_source"] for row in rows(store)] == ["unpriced"]
