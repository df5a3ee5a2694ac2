"""Tool definitions as the TypeScript that OpenAI's models are given."""

from __future__ import annotations

import pytest

from agentgauge.tokens.declaration import render


def of(properties, **more):
    return {"type": "object", "properties": properties, **more}


def test_no_parameters():
    assert render("now", "Tells the time.", {}) == "// Tells the time.\ntype now = () => any;"


def test_one_line_where_no_property_has_a_comment():
    schema = of({"a": {"type": "string"}, "b": {"type": "integer"}}, required=["a"])
    assert render("f", "", schema) == "type f = (_: {a: string, b?: number }) => any;"


def test_comments_defaults_and_enums():
    schema = of(
        {
            "city": {"type": "string", "title": "City", "description": "Where.\n\n  In short."},
            "unit": {"enum": ["c", "f"], "default": "c"},
            "day": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        required=["city"],
    )
    assert render("weather", "", schema) == (
        "type weather = (_: {\n"
        "// City\n"
        "// Where.\n"
        "// In short.\n"
        "city: string,\n"
        'unit?: "c" | "f", // default: c\n'
        "day?: string | null, // default: null\n"
        "}) => any;"
    )


def test_nested_objects_are_not_indented_and_references_are_inlined():
    schema = of(
        {"stops": {"type": "array", "items": {"$ref": "#/$defs/Stop"}}},
        required=["stops"],
        **{
            "$defs": {"Stop": of({"name": {"type": "string", "description": "Its name."}}, required=["name"])}
        },
    )
    assert render("route", "", schema) == (
        "type route = (_: {\nstops: {\n// Its name.\nname: string,\n}[],\n}) => any;"
    )


def test_unions_inside_arrays_get_parentheses():
    schema = of({"x": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "number"}]}}})
    assert "x?: (string | number)[]" in render("f", "", schema)


def test_gpt_4_is_shown_no_titles():
    schema = of({"a": {"type": "string", "title": "The A"}})
    assert render("f", "", schema, titles=False) == "type f = (_: {a?: string }) => any;"


def test_a_schema_that_refers_to_itself_ends():
    node = of({"left": {"$ref": "#/$defs/Node"}, "right": {"$ref": "#/$defs/Node"}})
    assert "any" in render("tree", "", {**node, "$defs": {"Node": node}})


def test_shared_definitions_cannot_grow_without_end():
    steps = {f"S{n}": of({k: {"$ref": f"#/$defs/S{n + 1}"} for k in "abc"}) for n in range(20)}
    assert len(render("bomb", "", {**steps["S0"], "$defs": steps})) < 2_000_000


@pytest.mark.parametrize(
    "bad", [None, 7, [], {"type": 5}, {"enum": 3}, {"$ref": 1}, {"anyOf": {}}, {"items": []}]
)
def test_what_cannot_be_read_is_any(bad):
    assert render("f", "", of({"x": bad})) == "type f = (_: {x?: any }) => any;"


def test_each_type_of_a_list_repeats_the_comment():
    schema = of({"zone": {"type": ["string", "null"], "description": "A zone."}}, required=["zone"])
    assert render("now", "", schema) == (
        "type now = (_: {\n// A zone.\nzone: \n// A zone.\nstring | \n// A zone.\nnull,\n}) => any;"
    )


def test_the_parameters_own_description_is_a_comment():
    schema = of({"a": {"type": "string"}}, description="What it takes.", title="Args")
    head = render("f", "Does it.", schema).splitlines()[:3]
    assert head == ["// Args", "// What it takes.", "// Does it."]
