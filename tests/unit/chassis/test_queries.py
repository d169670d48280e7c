"""Named queries and their named parameters."""

import pytest

from chassis.database.queries import parse_queries, parse_query


def test_a_file_is_split_at_its_names() -> None:
    text = "-- name: one\n-- does\nSELECT 1;\n\n-- name: two\nSELECT 2;\n"
    found = parse_queries(text, "x")
    assert {name: query.sql for name, query in found.items()} == {
        "one": "-- does\nSELECT 1",
        "two": "SELECT 2",
    }
    with pytest.raises(ValueError, match="two queries named one"):
        parse_queries(text + "\n-- name: one\nSELECT 3", "x")


def test_parameters_get_numbers_in_the_order_in_which_they_come() -> None:
    query = parse_query("q", "SELECT :b, :a::text, :b FROM t WHERE c = :a")
    assert query.sql == "SELECT $1, $2::text, $1 FROM t WHERE c = $2"
    assert query.parameters == ("b", "a")
    assert query(a=1, b=2) == (query.sql, 2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1::int -- at 12:30 or :later",
        "SELECT ':a', 'it''s :b' /* :c\n:d */",
        'SELECT x AS ":a"',
        "DO $$ BEGIN x := 1; PERFORM ':a'; END $$",
        "DO $body$ :a $$ :b $body$",
    ],
)
def test_a_colon_elsewhere_is_no_parameter(text: str) -> None:
    query = parse_query("q", text)
    assert (query.sql, query.parameters) == (text, ())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT $1, :y", "no numbered parameters"),
        ("SELECT :tenantId", "stands apart"),
        ("SELECT :tenant_idÄ", "stands apart"),
        ("SELECT a[1:n]", "stands apart"),
        ("SELECT a[:n]", "stands apart"),
        ("SELECT a[low:high]", "stands apart"),
        ("SELECT a[f(1):n]", "stands apart"),
        (r"SELECT E'it\'s :x', ':y'", "doubled"),
        (r"SELECT e'\\', :x", "doubled"),
        ("SELECT /* a /* b */ :x */ 1", "do not nest"),
    ],
)
def test_what_could_be_misread_is_refused_when_the_file_is_read(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^q has .*{why}"):
        parse_query("q", text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT '$1', \"$2\", $$ $3 $$ -- $4",
        r"SELECT E'a\n', 'C:\dir', 'it''s'",
        "SELECT a /* -- one */, b -- /* two /*",
    ],
)
def test_what_cannot_be_misread_is_left_as_it_is(text: str) -> None:
    assert parse_query("q", text).sql == text


def test_a_call_names_every_parameter_and_no_other() -> None:
    query = parse_query("find", "SELECT :a")
    with pytest.raises(TypeError, match="find needs a value for 'a'"):
        query()
    with pytest.raises(TypeError, match="find has no parameter b"):
        query(a=1, b=2)


@pytest.mark.parametrize("count", [0, 1, 2, 32])
def test_a_call_gives_the_values_in_the_order_of_the_parameters(count: int) -> None:
    names = [f"p{number}" for number in range(count)]
    query = parse_query("q", f"SELECT {', '.join(f':{name}' for name in names)}")
    values: dict[str, object] = {name: number for number, name in enumerate(names)}
    assert query(**dict(reversed(values.items()))) == (query.sql, *range(count))
