"""Names that vulture takes for dead code, each with the one who uses it; `make lint` reads this.

Commands and validators are known by their decorators (pyproject.toml). What only tests use is dead.
"""

# aiokafka calls the listener of a rebalance.
_.on_partitions_revoked
_.on_partitions_assigned

# Starlette asks for it when the first request comes; uvicorn around its own loop.
_.build_middleware_stack
_.capture_signals
_.should_exit

# uvicorn's connection calls it and reads these.
_.send_400_response
_.keep_alive
_.disconnected
_.timeout_keep_alive_task

# Typer reads both.
_.no_args_is_help
_.pretty_exceptions_enable

# Read by their names (chassis/service/service.py).
_.http_host
_.http_port
_.metrics_host

# PyYAML asks its dumper.
_.ignore_aliases

# Fields of contracts and answers: those who read events and HTTP bodies use them.
_.registrable_domain
_.domain_shown
_.in_review

# The kernel names every kind of refusal, and the chassis says what each means outside; a service
# that comes to need one finds it.
UnauthenticatedError
StaleError
TooLargeError
UnavailableError

# A value of the enumeration that the command line takes as text.
_.FREE

# asyncio calls a protocol of datagrams.
_.connection_made
_.datagram_received

# Tests of crashes and benches ask the demo's stack for it.
_.process_id

# asyncpg's pool asks its places for it when it closes.
_._in_use

# httptools' parser calls them.
_.on_message_begin
_.on_header
_.on_headers_complete
_.refuses  # asked by what checks access tokens; held by tests and bench.signed_out

# A service whose API takes access tokens reads them by these.
AccessTokens
fetch_keys

# httpcore's connections call them.
_.connect_tcp
_.connect_unix_socket
