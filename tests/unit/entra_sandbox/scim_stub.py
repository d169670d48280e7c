"""A tiny SCIM service in memory, written apart from the client's own code, to test the client.

It keeps documents, applies both wordings, and can be told to fail.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


class ScimStub:
    """An ASGI application that remembers every request it got."""

    def __init__(self) -> None:
        self.store: dict[str, dict[str, dict[str, Any]]] = {"Users": {}, "Groups": {}}
        self.requests: list[tuple[str, str, str, Any]] = []
        self.failures: list[int] = []
        self.token = "secret"
        self.count = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        raw = b""
        while True:
            message = await receive()
            raw += message.get("body", b"")
            if not message.get("more_body"):
                break
        body = json.loads(raw) if raw else None
        query = scope["query_string"].decode()
        self.requests.append((scope["method"], scope["path"], query, body))
        headers = {name: value.decode() for name, value in scope["headers"]}
        status, document = self.answer(scope, query, body, headers)
        answer_headers = [(b"content-type", b"application/scim+json; charset=utf-8")]
        if status == 201:
            answer_headers.append((b"location", f"/scim/{document['id']}".encode()))
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        content = json.dumps(document).encode() if document is not None else b""
        await send({"type": "http.response.body", "body": content})

    def answer(self, scope: Any, query: str, body: Any, headers: Any) -> tuple[int, Any]:
        if headers.get(b"authorization") != f"Bearer {self.token}":
            return 401, {"detail": "the token is not valid"}
        if self.failures:
            return self.failures.pop(0), {"detail": "told to fail", "status": "500"}
        if scope["method"] in ("POST", "PATCH"):
            assert headers[b"content-type"] == "application/scim+json; charset=utf-8"
        _, kind, *rest = scope["path"].removeprefix("/scim").split("/")
        if rest:
            return self.one(scope["method"], kind, rest[0], body)
        return self.create(kind, body) if body else self.search(kind, parse_qs(query))

    def create(self, kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = "userName" if kind == "Users" else "displayName"
        taken = {str(item[name]).lower() for item in self.store[kind].values()}
        if body[name].lower() in taken:
            return 409, {"scimType": "uniqueness", "detail": f"{name} is taken"}
        self.count += 1
        document = {key: value for key, value in body.items() if value not in (None, [])}
        document["id"] = f"id-{self.count}"
        self.store[kind][document["id"]] = document
        return 201, document

    def search(self, kind: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        expression = query.get("filter", [""])[0]
        found = [item for item in self.store[kind].values() if _matches(item, expression)]
        shown = [
            _without_members(item) if "excludedAttributes" in query else item for item in found
        ]
        return 200, {"totalResults": len(found), "Resources": shown}

    def one(self, method: str, kind: str, key: str, body: Any) -> tuple[int, Any]:
        if key not in self.store[kind]:
            return 404, {"detail": "not found"}
        if method == "DELETE":
            del self.store[kind][key]
            for group in self.store["Groups"].values():
                members = [m for m in group.get("members", []) if m["value"] != key]
                group["members"] = members
            return 204, None
        document = self.store[kind][key]
        if method == "PATCH":
            for operation in body["Operations"]:
                _apply(document, operation)
            return 204, None
        return 200, document


def _matches(item: dict[str, Any], expression: str) -> bool:
    for name, value in re.findall(r'(\w+) eq "((?:[^"\\]|\\.)*)"', expression):
        wanted = json.loads(f'"{value}"')
        if name == "members":
            if wanted not in [member["value"] for member in item.get("members", [])]:
                return False
        elif name == "manager":
            if item.get(URN, {}).get("manager", {}).get("value") != wanted:
                return False
        elif str(item.get(name, "")).lower() != wanted.lower():
            return False
    return True


def _without_members(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "members"}


def _apply(document: dict[str, Any], operation: dict[str, Any]) -> None:
    op, path = operation["op"].lower(), operation.get("path")
    value: Any = operation.get("value")
    if path is None:
        for name, part in value.items():
            _put(document, name, part)
    elif path == "members":
        keep = {member["value"] for member in document.get("members", [])}
        given = {member["value"] for member in value}
        left = keep - given if op == "remove" else keep | given
        document["members"] = [{"value": member} for member in sorted(left)]
    elif picked := re.match(r'members\[value eq "(.+)"\]', path):
        members = [m for m in document.get("members", []) if m["value"] != picked[1]]
        document["members"] = members
    elif path.endswith("manager"):
        _manager(document, op, value)
    else:
        _put(document, path, value)


def _manager(document: dict[str, Any], op: str, value: Any) -> None:
    value = value[0] if isinstance(value, list) else value
    value = value.get("value") if isinstance(value, dict) else value
    container = document.setdefault(URN, {})
    container.pop("manager", None)
    if op != "remove" and value:
        container["manager"] = {"value": value}


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    if path == "active":
        document["active"] = str(value).lower() == "true"
    elif picked := re.match(r'(\w+)\[type eq "(\w+)"\]\.(\w+)$', path):
        entries = document.setdefault(picked[1], [])
        entry = next((item for item in entries if item["type"] == picked[2]), None)
        if entry is None:
            entry = {"type": picked[2]}
            entries.append(entry)
        entry[picked[3]] = value
    elif path.startswith(URN):
        document.setdefault(URN, {})[path.removeprefix(URN + ":")] = value
    elif "." in path:
        head, sub = path.split(".")
        document.setdefault(head, {})[sub] = value
    else:
        document[path] = value
