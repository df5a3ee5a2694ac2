"""What is put into somebody else's class comes out again, and takes nobody else's work with it."""

import functools

from agentgauge.patches import Patches


class Base:
    def ask(self):
        return "base"


def layered(name, patches=None):
    def make(original):
        @functools.wraps(original)
        def layer(self):
            if patches is not None and not patches.on:
                return original(self)
            return f"{name}({original(self)})"

        return layer

    return make


def a_class():
    return type("Client", (Base,), {})


def test_what_was_inherited_is_inherited_again():
    client, patches = a_class(), Patches()
    before = dict(vars(client))
    patches.put(client, "ask", layered("ours"))
    assert client().ask() == "ours(base)"

    patches.take_out()

    assert dict(vars(client)) == before


def test_the_layer_of_somebody_on_top_stays_and_ours_does_nothing():
    client, patches = a_class(), Patches()
    patches.on = True
    patches.put(client, "ask", layered("ours", patches))
    client.ask = layered("theirs")(client.ask)

    patches.take_out()

    assert client().ask() == "theirs(base)"


def test_a_layer_that_had_to_stay_is_used_again():
    client, patches = a_class(), Patches()
    patches.put(client, "ask", layered("ours", patches))
    client.ask = layered("theirs")(client.ask)
    patches.take_out()

    patches.on = True
    patches.put(client, "ask", layered("ours", patches))

    assert client().ask() == "theirs(ours(base))"


def test_a_layer_that_somebody_took_out_is_put_again():
    client, patches = a_class(), Patches()
    patches.put(client, "ask", layered("ours"))
    del client.ask

    patches.put(client, "ask", layered("ours"))

    assert client().ask() == "ours(base)"


def test_a_method_that_was_kept_before_goes_on_working():
    client, patches = a_class(), Patches()
    patches.on = True
    patches.put(client, "ask", layered("ours", patches))
    kept = client().ask

    patches.take_out()

    assert kept() == "base"
