"""Read a long list page by page, a unit of work for each page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from tenant_directory.usecases.ports import UnitOfWork, UnitOfWorkFactory

T = TypeVar("T")
K = TypeVar("K")

PAGE_SIZE = 1_000
"""How many items one page has."""


async def all_pages(
    uow: UnitOfWorkFactory,
    read_page: Callable[[UnitOfWork, K, int], Awaitable[Sequence[T]]],
    *,
    first: K,
    key: Callable[[T], K],
) -> AsyncIterator[T]:
    """Yield every item; `read_page` returns those after a key, sorted by key, up to a number."""
    after = first
    while True:
        async with uow() as work:
            page = await read_page(work, after, PAGE_SIZE)
        for item in page:
            yield item
        if len(page) < PAGE_SIZE:
            return
        after = key(page[-1])
