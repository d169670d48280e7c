"""Bodies that cost the most, each of a size that can be chosen: the worst of every kind."""

from collections.abc import Callable
from itertools import count
from uuid import UUID

import orjson

from unit.scim.shapes import op

CORE_USER = b'{"userName":"ann@example.com",'


def _repeated(size: int, head: bytes, item: Callable[[int], bytes], tail: bytes) -> bytes:
    """Return head, as many different items as fit, and tail."""
    parts: list[bytes] = []
    left = size - len(head) - len(tail)
    for number in count():
        part = item(number)
        left -= len(part) + 1
        if left < 0:
            return head + b",".join(parts) + tail
        parts.append(part)
    raise AssertionError


def _operations(size: int, operation: Callable[[int], dict[str, object]]) -> bytes:
    return _repeated(size, b'{"Operations":[', lambda n: orjson.dumps(operation(n)), b"]}")


def _value(text: str) -> dict[str, object]:
    return {"value": text}


def _id(number: int) -> str:
    return str(UUID(int=number + 1))


USERS: dict[str, Callable[[int], bytes]] = {
    "names": lambda n: _repeated(n, CORE_USER, lambda i: b'"n%d":1' % i, b"}"),
    "paths that are none": lambda n: _repeated(n, CORE_USER, lambda i: b'"%d[":1' % i, b"}"),
    "a long value": lambda n: CORE_USER + b'"title":"' + b"x" * (n - 50) + b'"}',
    "a long name": lambda n: CORE_USER + b'"x' + b" " * (n - 50) + b'!":1}',
    "long names": lambda n: _repeated(n, CORE_USER, lambda i: b'"x%d%990s!":1' % (i, b""), b"}"),
    "a long value of the wrong type": lambda n: CORE_USER + b'"active":"' + b"x" * (n - 50) + b'"}',
    "empty entries": lambda n: _repeated(n, CORE_USER + b'"emails":[', lambda i: b"{}", b"]}"),
    "nulls": lambda n: _repeated(n, CORE_USER + b'"emails":[', lambda i: b"null", b"]}"),
    "entries": lambda n: _repeated(
        n, CORE_USER + b'"emails":[', lambda i: b'{"value":"%d"}' % i, b"]}"
    ),
    "texts": lambda n: _repeated(n, CORE_USER + b'"emails":[', lambda i: b'"%d"' % i, b"]}"),
    "texts for one value": lambda n: _repeated(
        n, CORE_USER + b'"title":[', lambda i: b'"%d"' % i, b"]}"
    ),
    "equal entries": lambda n: _repeated(
        n, CORE_USER + b'"emails":[', lambda i: b'{"value":"a"}', b"]}"
    ),
    "names in an entry": lambda n: _repeated(
        n, CORE_USER + b'"emails":[{', lambda i: b'"n%d":1' % i, b"}]}"
    ),
    "schemas": lambda n: _repeated(n, CORE_USER + b'"schemas":[', lambda i: b'"%d"' % i, b"]}"),
    "deep": lambda n: CORE_USER + b'"title":' + b"[" * 1_000 + b"]" * 1_000 + b"}",
    "wide and deep": lambda n: _repeated(
        n, CORE_USER + b'"title":[', lambda i: b"[" * 20 + b"]" * 20, b"]}"
    ),
}
"""Bodies of POST and PUT /Users."""

PATCHES: dict[str, Callable[[int], bytes]] = {
    "adds of 200 values": lambda n: _operations(
        n, lambda i: op("add", "emails", value=[_value(f"{i}-{j}") for j in range(200)])
    ),
    "adds of equal values": lambda n: _operations(
        n, lambda i: op("add", "emails", value=[_value(f"{j}") for j in range(200)])
    ),
    "adds of single values": lambda n: _operations(
        n, lambda i: op("add", "roles", value=[_value(f"{i}")])
    ),
    "adds of letters with case": lambda n: _operations(
        n, lambda i: op("add", "emails", value=[_value(f"{i}-{j}" + "É" * 999) for j in range(9)])
    ),
    "removes of absent values": lambda n: _operations(
        n, lambda i: op("remove", "emails", value=[_value(f"{i}-{j}") for j in range(200)])
    ),
    "missing selections": lambda n: _operations(
        n, lambda i: op("replace", f'emails[type eq "{i}"].display', value="x")
    ),
    "removals of what is selected": lambda n: _operations(
        n, lambda i: op("remove", f'emails[value eq "{i}"]')
    ),
    "replacements": lambda n: _operations(
        n, lambda i: op("replace", "emails", value=[_value(f"{i}-{j}") for j in range(200)])
    ),
    "operations": lambda n: _operations(n, lambda i: op("replace", "title", value="x")),
    "paths": lambda n: _operations(n, lambda i: op("replace", f"n{i}", value="x")),
    "objects": lambda n: _operations(
        n, lambda i: op("replace", value={f"n{i}{j}": "x" for j in range(90)})
    ),
    "roles in roles": lambda n: _operations(
        n, lambda i: op("add", "roles", value=f'{{"value":"{{\\"value\\":\\"{i}\\"}}"}}')
    ),
}
"""Bodies of PATCH /Users/{id}."""

GROUPS: dict[str, Callable[[int], bytes]] = {
    "members": lambda n: _repeated(
        n,
        b'{"displayName":"Sales","members":[',
        lambda i: orjson.dumps(_value(_id(i))),
        b"]}",
    ),
    "the same member": lambda n: _repeated(
        n,
        b'{"displayName":"Sales","members":[',
        lambda i: orjson.dumps(_value(_id(0))),
        b"]}",
    ),
    "empty members": lambda n: _repeated(
        n, b'{"displayName":"Sales","members":[', lambda i: b"{}", b"]}"
    ),
}
"""Bodies of POST and PUT /Groups."""

GROUP_PATCHES: dict[str, Callable[[int], bytes]] = {
    "operations of one member": lambda n: _operations(
        n, lambda i: op("add", "members", value=[_value(_id(i))])
    ),
    "removals of one member": lambda n: _operations(
        n, lambda i: op("remove", f'members[value eq "{_id(i)}"]')
    ),
    "members": lambda n: _repeated(
        n,
        b'{"Operations":[{"op":"add","path":"members","value":[',
        lambda i: orjson.dumps({"$ref": None, "value": _id(i)}),
        b"]}]}",
    ),
}
"""Bodies of PATCH /Groups/{id}."""
