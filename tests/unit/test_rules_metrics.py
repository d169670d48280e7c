"""What operators are shown and told of is what the services have: metrics and their labels."""

import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from chassis.http.application import request_metrics
from support.repository import ROOT, SERVICE_PACKAGES

DASHBOARD = json.loads((ROOT / "deploy/grafana/portico.json").read_text("utf-8"))
ALERTS = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text("utf-8"))
# What Prometheus itself knows of whatever it scrapes.
SCRAPED = frozenset({"job", "instance"})
WORDS = frozenset({"and", "by", "ignoring", "offset", "on", "or", "unless", "without"})
NAME = r"[a-zA-Z_:][\w:]*"
SELECTOR = re.compile(rf"({NAME})\s*{{([^}}]*)}}")
MATCHER = re.compile(rf'({NAME})\s*[!=]~?\s*"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")


@pytest.fixture(scope="module")
def labels_of() -> Mapping[str, frozenset[str]]:
    """Return the labels of each series that a process has, by its name."""
    for package in SERVICE_PACKAGES.values():
        import_module(f"{package}.wiring")
    request_metrics(REGISTRY)
    found = {"up": SCRAPED}
    for name, collector in REGISTRY._names_to_collectors.items():
        own = getattr(collector, "_labelnames", ())
        found[name] = SCRAPED | set(own) | ({"le"} if name.endswith("_bucket") else set())
    for family in REGISTRY.collect():
        # Of the process and of Python; these have no labels that anything here asks for.
        found |= {sample.name: SCRAPED for sample in family.samples if sample.name not in found}
    return found


def expressions() -> Iterator[str]:
    """Yield each PromQL expression of the alerts and of the dashboard."""
    yield from (rule["expr"] for group in ALERTS["groups"] for rule in group["rules"])
    yield from (target["expr"] for panel in panels() for target in panel["targets"])
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield re.sub(r"label_values\((.*), \w+\)", r"\1", variable["query"]["query"])


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def series_in(expression: str) -> set[str]:
    """Return the names of the series that an expression reads."""
    bare = GROUPING.sub(" ", re.sub(r"{[^}]*}|\[[^\]]*\]", " ", expression))
    bare = re.sub(r"\boffset\s+\w+", " ", bare)
    return {found for found in re.findall(rf"\b({NAME})\b(?!\s*\()", bare) if found not in WORDS}


def unknown(expression: str, labels_of: Mapping[str, frozenset[str]]) -> list[str]:
    """Return what no service has: series, and labels by which they are chosen or grouped."""
    used = series_in(expression)
    wrong = [name for name in used if name not in labels_of]
    if wrong:
        return wrong
    for name, matchers in SELECTOR.findall(expression):
        wrong += [each for each, _ in MATCHER.findall(matchers) if each not in labels_of[name]]
    for listed in GROUPING.findall(expression):
        by = {each.strip() for each in listed.split(",")}
        wrong += [each for each in by if not all(each in labels_of[name] for name in used)]
    return wrong


@pytest.mark.parametrize("expression", list(expressions()))
def test_an_expression_reads_what_the_services_have(
    expression: str, labels_of: Mapping[str, frozenset[str]]
) -> None:
    assert series_in(expression)
    assert unknown(expression, labels_of) == []


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("sum(rate(outbox_sent_total[5m])) > 0", ["outbox_sent_total"]),
        ('consumer_lag{partitions="1"}', ["partitions"]),
        ("max by (job, topic) (relay_lag_seconds)", ["topic"]),
        ("refused_events_total unless refused_event_total offset 15m", ["refused_event_total"]),
        ("histogram_quantile(0.99, rate(http_request_duration_seconds_bucket[5m]))", []),
    ],
)
def test_what_no_service_has_is_found(
    expression: str, wrong: list[str], labels_of: Mapping[str, frozenset[str]]
) -> None:
    assert unknown(expression, labels_of) == wrong


def test_the_words_of_an_alert_name_labels_that_it_has() -> None:
    rules = [rule for group in ALERTS["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        said = " ".join(rule["annotations"].values())
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["alert"]
        grouped = {each.strip() for by in GROUPING.findall(rule["expr"]) for each in by.split(",")}
        plain = not re.search(r"\b(sum|max|min|absent)\b", rule["expr"])
        assert set(re.findall(r"\$labels\.(\w+)", said)) <= grouped | (SCRAPED if plain else set())


def test_each_metric_of_a_service_is_shown(labels_of: Mapping[str, frozenset[str]]) -> None:
    shown = {name for expression in expressions() for name in series_in(expression)}
    families = {family.name for family in REGISTRY.collect()}
    unseen = [
        family
        for family in families
        if not family.startswith(("python_", "process_"))
        and not any(name.startswith(family) for name in shown)
    ]
    assert unseen == []


def test_panels_stand_side_by_side() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        places = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & places
        taken |= places
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
