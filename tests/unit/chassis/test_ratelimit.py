"""Token buckets."""

from chassis.http import RateLimit


class TestRateLimit:
    def setup_method(self) -> None:
        self.now = 0.0
        self.limit = RateLimit(10, burst=20, max_keys=3, clock=lambda: self.now)

    def test_a_burst_passes_and_then_the_wait_is_told(self) -> None:
        assert [self.limit.take("a") for _ in range(20)] == [0] * 20
        assert self.limit.take("a") == 1

    def test_tokens_come_back_at_the_rate(self) -> None:
        self.limit.take("a", 20)
        self.now += 0.5
        assert [self.limit.take("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1]

    def test_a_bucket_never_holds_more_than_the_burst(self) -> None:
        self.limit.take("a")
        self.now += 3600
        assert self.limit.take("a", 21) == 1

    def test_keys_do_not_share(self) -> None:
        self.limit.take("a", 20)
        assert self.limit.take("b", 20) == 0

    def test_a_high_cost_waits_longer(self) -> None:
        self.limit.take("a", 20)
        assert self.limit.take("a", 20) == 2

    def test_the_longest_unused_key_is_forgotten(self) -> None:
        for key in "abcd":
            self.limit.take(key, 20)
        assert self.limit.take("d") == 1
        assert self.limit.take("a") == 0

    def test_what_is_done_already_is_paid_later(self) -> None:
        self.limit.charge("a", 45)
        assert self.limit.take("a", 0) == 3
        self.now += 2.5
        assert self.limit.take("a", 0) == 0
        assert self.limit.take("a") == 1
