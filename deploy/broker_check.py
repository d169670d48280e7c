"""Tries Kafka from inside a service's container: as nobody, and as itself on another's topic.

It is fed to `python -` there, and uses the service's own settings. Exits 1 if one went wrong.
"""

import asyncio
import os
import sys

from chassis.bus import NOBODY, KafkaAccount, KafkaSender, OutgoingRecord, Partition

BOOTSTRAP = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
OWN = KafkaAccount(os.environ["KAFKA_USERNAME"], os.environ["KAFKA_PASSWORD"])


async def _enters(account: KafkaAccount) -> bool:
    sender = KafkaSender(BOOTSTRAP, account)
    try:
        await sender.start()
    except OSError:
        return False
    finally:
        await sender.close()
    return True


async def _writes(topic: str) -> bool:
    sender = KafkaSender(BOOTSTRAP, OWN)
    await sender.start()
    try:
        [outcome] = await sender.send([OutgoingRecord(Partition(topic, 0), b"x", b"{}", [])])
    finally:
        await sender.close()
    return outcome is None


async def _main() -> int:
    wrong = [
        sentence
        for sentence, holds in (
            ("nobody enters", not await _enters(NOBODY)),
            ("a wrong password does not enter", not await _enters(KafkaAccount("scim", "x"))),
            ("the service enters", await _enters(OWN)),
            ("the service writes no other's topic", not await _writes("directory-users")),
        )
        if not holds
    ]
    print("broker:", "; ".join(f"NOT: {sentence}" for sentence in wrong) or "well")
    return int(bool(wrong))


sys.exit(asyncio.run(_main()))
