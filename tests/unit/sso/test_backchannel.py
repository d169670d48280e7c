"""What an app's answer to a logout token means, and where none is ever posted to."""

import pytest

from chassis.outbound import OutboundClient, Rules
from sso.domain.logout_notice import FIRST_PAUSE, LONGEST_PAUSE, Answer, pause_after
from sso.oidc.backchannel import Backchannel
from support.hearing_app import HearingApp, hearing_app

HERE = Rules(loopback=True)


async def told(app: HearingApp, rules: Rules = HERE, deadline: float = 5) -> tuple[Answer, str]:
    done = await Backchannel(OutboundClient(rules, deadline=deadline))(app.uri("/"), "t.o.k")
    return done.answer, done.says


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (200, Answer.HEARD),
        (204, Answer.HEARD),
        (201, Answer.FAILED),
        (302, Answer.FAILED),
        (400, Answer.REFUSED),
        (401, Answer.FAILED),
        (404, Answer.FAILED),
        (500, Answer.FAILED),
    ],
)
async def test_o4_what_a_status_means(status: int, answer: Answer) -> None:
    async with hearing_app() as app:
        app.answer("/", status)
        assert (await told(app))[0] is answer
        assert app.heard == [("/", "t.o.k")]


async def test_o4_a_name_that_leads_into_our_network_is_not_asked() -> None:
    async with hearing_app() as app:
        assert await told(app, Rules()) == (Answer.FAILED, "not_allowed")
        done = await Backchannel(OutboundClient(Rules()))("https://127.0.0.1:8443/", "t")
        assert (done.answer, done.says) == (Answer.FAILED, "not_public")
        assert app.heard == []


async def test_o4_who_hangs_is_left_after_some_time() -> None:
    async with hearing_app() as app:
        app.answer("/", None)
        assert await told(app, deadline=0.1) == (Answer.FAILED, "too_slow")


def test_pauses_are_doubled_up_to_a_limit() -> None:
    assert [pause_after(n) / FIRST_PAUSE for n in (1, 2, 3, 4)] == [1, 2, 4, 8]
    assert pause_after(1_000_000) == LONGEST_PAUSE
