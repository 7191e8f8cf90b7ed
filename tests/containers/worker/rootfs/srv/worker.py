"""A worker with a job about every half second: hash, compress, write, now and then ask another program."""

import hashlib
import json
import os
import random
import subprocess
import time
import zlib

OUTBOX = "/tmp/outbox"
KEPT = 20


def job(number: int, noise: random.Random) -> None:
    data = noise.randbytes(noise.randint(100_000, 200_000))
    report = {"number": number, "sha256": hashlib.sha256(data).hexdigest(), "packed": len(zlib.compress(data, 1))}
    path = f"{OUTBOX}/{number % KEPT}.json"
    with open(path + ".part", "w") as file:
        json.dump(report, file)
    os.rename(path + ".part", path)
    if noise.random() < 0.4:
        subprocess.run(["/bin/sha256sum", path], stdout=subprocess.DEVNULL, check=True)
    if noise.random() < 0.2:
        os.unlink(path)


def main() -> None:
    noise = random.Random()
    os.makedirs(OUTBOX, exist_ok=True)
    number = 0
    while True:
        job(number, noise)
        number += 1
        time.sleep(noise.uniform(0.4, 0.6))


if __name__ == "__main__":
    main()
