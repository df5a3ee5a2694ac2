"""The file of the user's own prices: what it takes, and how it says what is wrong."""

import pytest

from agentgauge.errors import ConfigError
from agentgauge.price_file import read_price_file
from agentgauge.pricing import Rates

CALL = {"provider": "openai", "model": "gpt-4o-mini", "service_tier": "default", "at_ns": 10**18}


def read(tmp_path, text):
    path = tmp_path / "prices.toml"
    path.write_text(text)
    return read_price_file(path)


def test_rates_are_usd_per_million_tokens(tmp_path):
    (own,) = read(tmp_path, "[[price]]\ninput = 0.15\ncached_input = 0.075\noutput = 0.60\nrequest = 0.001")

    assert own.rates == Rates(150_000, 600_000, 75_000, 150_000, 600_000, 10**9, 150_000)


def test_an_hour_is_charged_by_the_time_that_a_call_takes(tmp_path):
    (own,) = read(tmp_path, "[[price]]\nmodel = 'mistral-7b*'\nper_hour = 3.6")

    price = own.price("mistral-7b-instruct", duration_ns=2_500_000_000)

    assert price.base == Rates(
        0, 0, 0, 0, 0, 2_500_000_000
    )  # 0.0025 USD in pico-USD, as a fee of the request


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("", True),
        ("model = 'gpt-4o*'", True),
        ("model = 'GPT-4o-mini'", True),
        ("model = 'gpt-4'", False),
        ("provider = 'openai'", True),
        ("provider = 'azure.ai.openai'", False),
        ("service_tier = 'priority'", False),
        ("service_tier = '*'", True),
        ("from = 2001-01-01", True),
        ("from = 2030-01-01", False),
    ],
)
def test_an_entry_fits_what_it_names(tmp_path, entry, fits):
    (own,) = read(tmp_path, f"[[price]]\n{entry}\ninput = 1\noutput = 1")

    assert own.fits(**CALL) is fits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[price]\n", "no TOML"),
        ("[prices]\n", "'prices'"),
        ("price = 3\n", "only \\[\\[price\\]\\]"),
        ("[[price]]\nmodel = 'a'\n", "number 1 needs one of"),
        ("[[price]]\ninput = 1\n", "both input and output"),
        (
            "[[price]]\ninput = 1\noutput = 1\n[[price]]\nper_hour = 1\ndiscount = 0.1\n",
            "2 needs one",
        ),
        ("[[price]]\noutputs = 1\n", "unknown key 'outputs'"),
        ("[[price]]\ninput = -1\noutput = 1\n", "input must be USD"),
        ("[[price]]\ninput = nan\noutput = 1\n", "input must be USD"),
        ("[[price]]\ninput = inf\noutput = 1\n", "input must be USD"),
        ("[[price]]\ninput = true\noutput = 1\n", "input must be USD"),
        ("[[price]]\nper_hour = 'much'\n", "per_hour must be USD"),
        ("[[price]]\ndiscount = 15\n", "0.15 is 15 % off"),
        ("[[price]]\ndiscount = nan\n", "0.15 is 15 % off"),
        (f"[[price]]\ninput = {'9' * 5000}\noutput = 1\n", "no TOML"),
        (f"price = {'[' * 5000}", "no TOML"),
        ("[[price]]\ndiscount = 0.1\nfrom = 'May'\n", "from must be a day"),
        ("[[price]]\ndiscount = 0.1\nmodel = 7\n", "model must be a text"),
    ],
)
def test_what_means_nothing_is_refused_with_its_place(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said) as refused:
        read(tmp_path, text)

    assert "prices.toml" in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml cannot be read"):
        read_price_file(tmp_path / "absent.toml")
