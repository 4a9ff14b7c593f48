"""A deployment's queue: in order, never more than may be in, and whoever leaves it holds nobody up."""

from __future__ import annotations

import asyncio

from soravid.limits import Rate
from soravid.routing.gate import Gate
from tests.routing.conftest import Clock


def test_the_queue_is_in_order_and_never_over_the_cap(clock: Clock) -> None:
    async def story() -> tuple[list[int], int]:
        gate, order, most = Gate(2, None, clock), [], 0

        async def one(number: int) -> None:
            nonlocal most
            await gate.queue()
            most = max(most, gate.inside)
            order.append(number)
            await asyncio.sleep(0)
            gate.leave()

        await asyncio.gather(*(one(number) for number in range(20)))
        assert (gate.inside, gate.waiting, gate.free) == (0, 0, True)
        return order, most

    order, most = asyncio.run(story())
    assert (order, most) == (list(range(20)), 2)


def test_who_gives_up_is_passed_over(clock: Clock) -> None:
    async def story() -> None:
        gate = Gate(1, None, clock)
        first, second, third = gate.queue(), gate.queue(), gate.queue()
        assert (first.done(), gate.waiting, gate.free) == (True, 2, False)
        second.cancel()
        gate.leave()
        await asyncio.wait_for(third, 1)
        assert (gate.inside, gate.waiting) == (1, 0)

    asyncio.run(story())


def test_jobs_that_have_not_ended_count_with_those_on_their_way(clock: Clock) -> None:
    async def story() -> None:
        running: list[int] = []
        gate = Gate(None, None, clock, 2, lambda: len(running))
        turns = [gate.queue() for _ in range(4)]
        assert [turn.done() for turn in turns] == [True, True, False, False]
        running.append(1)  # the first is made
        gate.leave()
        assert (turns[2].done(), gate.free) == (False, False)
        gate.leave()  # the second was refused
        assert (turns[2].done(), turns[3].done()) == (True, False)
        running.clear()
        gate.let_in()
        assert turns[3].done()
        for _ in range(2):
            gate.leave()
        assert gate.free

    asyncio.run(story())


def test_so_many_a_minute_and_the_rest_later(clock: Clock) -> None:
    async def story() -> None:
        gate = Gate(None, Rate(2), clock)
        turns = [gate.queue() for _ in range(5)]
        for passed, expected in ((0, 2), (59.9, 2), (0.2, 4), (60, 5)):
            clock.passes(passed)
            gate.let_in()
            assert sum(turn.done() for turn in turns) == expected

    asyncio.run(story())


def test_the_queue_moves_by_itself_when_there_is_room_again() -> None:
    async def story() -> None:
        gate = Gate(None, Rate(2, 0.1), asyncio.get_running_loop().time)
        turns = [gate.queue() for _ in range(6)]
        assert sum(turn.done() for turn in turns) == 2
        await asyncio.wait_for(asyncio.gather(*turns), 5)

    asyncio.run(story())
